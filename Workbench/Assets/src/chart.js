// Charts of the notebook: echarts with the few kinds that are used, drawn on a canvas in the page's colours.
import { BarChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, PieChart, ScatterChart, GridComponent, TooltipComponent, LegendComponent, DataZoomComponent, CanvasRenderer]);
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const drawn = new Map();
const palette = { light: ["#4f46e5", "#0f9d76", "#d9822b", "#c2417c", "#2b7bbb", "#8a6d1d", "#7a5af0", "#5b6372"], dark: ["#8a90ff", "#4cc38a", "#f0a35a", "#f07fb0", "#6cb2ff", "#e0bf57", "#b49cff", "#a3abba"] };

const isNumber = type => /^(u?int|float|double|decimal|half)/i.test(type) || /INT|DOUBLE|FLOAT|DECIMAL/i.test(type);
const isTime = type => /^(timestamp|date)/i.test(type);

function option({ spec, columns, values }) {
  const [x, y, color] = values;
  const time = isTime(columns[0].type), number = !time && isNumber(columns[0].type) && spec.mark !== "bar" && spec.mark !== "pie";
  const n = v => v === null ? null : typeof v === "number" ? v : Number(v);
  const at = i => time ? x[i] : number ? n(x[i]) : x[i] === null ? "null" : String(x[i]);
  const groups = new Map();
  for (let i = 0; i < x.length; i++) {
    const key = color ? (color[i] === null ? "null" : String(color[i])) : spec.y || "count";
    let list = groups.get(key);
    if (!list) groups.set(key, list = []);
    list.push([at(i), n(y[i])]);
  }
  const text = { color: css("--text-quiet"), fontFamily: css("--font"), fontSize: 11.5 };
  const base = {
    animation: x.length < 2000, color: palette[document.documentElement.dataset.theme === "dark" ? "dark" : "light"], textStyle: text, backgroundColor: "transparent",
    tooltip: { trigger: spec.mark === "pie" || spec.mark === "scatter" ? "item" : "axis", backgroundColor: css("--raised"), borderColor: css("--line-strong"), textStyle: { color: css("--text"), fontSize: 12 }, confine: true },
    legend: groups.size > 1 && groups.size <= 40 || spec.mark === "pie" ? { type: "scroll", top: 0, textStyle: text } : undefined,
  };
  if (spec.mark === "pie") return { ...base, series: [{ type: "pie", radius: ["38%", "72%"], top: 24, data: [...groups.values()].flat().map(([name, value]) => ({ name, value })), label: { color: css("--text-soft") }, itemStyle: { borderColor: css("--panel"), borderWidth: 2 } }] };
  const axis = { axisLine: { lineStyle: { color: css("--line-strong") } }, axisLabel: { color: css("--text-quiet"), hideOverlap: true }, splitLine: { lineStyle: { color: css("--line") } }, nameTextStyle: text };
  const big = x.length > 3000;
  return {
    ...base,
    grid: { left: 8, right: 16, top: groups.size > 1 ? 34 : 26, bottom: 12, containLabel: true },
    xAxis: { ...axis, type: time ? "time" : number ? "value" : "category", name: "", scale: true, splitLine: { show: false } },
    yAxis: { ...axis, type: "value", scale: spec.mark === "scatter" || spec.mark === "line", name: spec.aggregate && spec.aggregate !== "none" ? `${spec.aggregate}${spec.y ? ` of ${spec.y}` : ""}` : spec.y },
    dataZoom: x.length > 60 ? [{ type: "inside" }] : undefined,
    series: [...groups].map(([name, data]) => ({
      name, data, type: spec.mark === "area" ? "line" : spec.mark, areaStyle: spec.mark === "area" ? { opacity: .22 } : undefined, showSymbol: data.length < 60, symbolSize: spec.mark === "scatter" ? (big ? 3 : 7) : 5,
      large: big, largeThreshold: 3000, sampling: spec.mark === "line" || spec.mark === "area" ? "lttb" : undefined, stack: spec.mark === "area" && groups.size > 1 ? "all" : undefined, barMaxWidth: 46, lineStyle: { width: 1.8 }, itemStyle: spec.mark === "bar" ? { borderRadius: [3, 3, 0, 0] } : { opacity: big ? .5 : .85 },
    })),
  };
}

function paint(host) {
  const held = drawn.get(host);
  held.chart.setOption(option(held), { notMerge: true });
  host.dataset.drawn = String(held.values[0].length);
}

/** Draws, or draws anew; gives the milliseconds it took. */
export function draw(host, spec, columns, values) {
  const start = performance.now();
  let held = drawn.get(host);
  if (!held) {
    const chart = init(host);
    const sizes = new ResizeObserver(() => chart.resize());
    sizes.observe(host);
    drawn.set(host, held = { chart, sizes });
  }
  Object.assign(held, { spec, columns, values });
  paint(host);
  return performance.now() - start;
}

export function drop(host) {
  const held = drawn.get(host);
  if (!held) return;
  drawn.delete(host);
  held.sizes.disconnect();
  held.chart.dispose();
}

document.addEventListener("flowforge:theme", () => { for (const host of drawn.keys()) paint(host); });
