// Completion and hover for YAML from a JSON Schema: the path at the cursor is read from the indentation, which also works while the text is half typed.

const keyLine = /^(\s*)(- +)?("?)([\w.$-]+)\3\s*:(?:\s+(.*))?$/;

/** The keys that lead to a line, outermost first; list items count as "[]". */
export function pathAt(lines, row, indent) {
  const path = [];
  let limit = indent;
  for (let i = row - 1; i >= 0 && limit > 0; i--) {
    const line = lines[i];
    if (!line.trim() || line.trim().startsWith("#")) continue;
    const own = line.search(/\S/);
    const item = /^\s*- +/.exec(line);
    if (item && own < limit && item[0].length <= limit) {
      // A key behind the dash on an earlier line belongs to the same item; the dash opens it.
      const inner = keyLine.exec(line);
      if (inner && item[0].length < limit) path.unshift(inner[4]);
      path.unshift("[]");
      limit = own;
      // A list may stand at its parent's own indentation.
      for (let p = i - 1; p >= 0; p--) {
        const parent = lines[p];
        if (!parent.trim() || parent.trim().startsWith("#")) continue;
        const at = parent.search(/\S/);
        if (at <= own && !/^\s*-/.test(parent)) {
          const key = keyLine.exec(parent);
          if (key) { path.unshift(key[4]); limit = at; i = p; }
          break;
        }
      }
      continue;
    }
    if (own >= limit) continue;
    const key = keyLine.exec(line);
    if (key) { path.unshift(key[4]); limit = own; }
  }
  return path;
}

const resolve = (root, node) => {
  for (let i = 0; node?.$ref && i < 20; i++) node = node.$ref.slice(2).split("/").reduce((at, part) => at?.[decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~")], root);
  return node;
};

/** A node and everything it may be instead. */
function variants(root, node) {
  const found = [], seen = new Set();
  (function walk(n) {
    n = resolve(root, n);
    if (!n || typeof n !== "object" || seen.has(n)) return;
    seen.add(n);
    found.push(n);
    for (const word of ["anyOf", "oneOf", "allOf"]) n[word]?.forEach(walk);
    for (const word of ["then", "else"]) if (n[word]) walk(n[word]);
  })(node);
  return found;
}

function step(root, nodes, key) {
  const next = [];
  for (const node of nodes.flatMap(n => variants(root, n))) {
    if (key === "[]") { if (node.items) next.push(node.items); continue; }
    if (node.properties?.[key]) next.push(node.properties[key]);
    else if (node.patternProperties) {
      for (const [pattern, value] of Object.entries(node.patternProperties)) if (new RegExp(pattern).test(key)) next.push(value);
    }
    if (!node.properties?.[key] && node.additionalProperties && typeof node.additionalProperties === "object") next.push(node.additionalProperties);
  }
  return next;
}

const nodesAt = (root, path) => path.reduce((nodes, key) => step(root, nodes, key), [root]).flatMap(n => variants(root, n));

function valuesOf(nodes) {
  const values = new Map();
  for (const node of nodes) {
    for (const v of node.enum ?? []) values.set(String(v), node.description);
    if (node.const !== undefined) values.set(String(node.const), node.description);
    if (node.type === "boolean") { values.set("true"); values.set("false"); }
    for (const v of node.examples ?? []) if (typeof v !== "object") values.set(String(v), "example");
  }
  return values;
}

const typeOf = nodes => [...new Set(nodes.flatMap(n => n.enum ? "choice" : n.type ?? []))].join(" | ");

/** What can stand at the cursor (0-based row and column). `from` is the column the words replace from. */
export function completionAt(root, lines, row, column) {
  const before = (lines[row] ?? "").slice(0, column);
  const value = /^(\s*)(- +)?("?)([\w.$-]+)\3\s*:\s+(\S*)$/.exec(before);
  if (value) {
    const indent = value[1].length + (value[2]?.length ?? 0);
    const parents = value[2] ? [...pathAt(lines, row, value[1].length + 1), "[]"] : pathAt(lines, row, indent);
    const nodes = nodesAt(root, [...listParent(lines, row, value, parents), value[4]]);
    return { from: column - value[5].length, items: [...valuesOf(nodes)].map(([label, documentation]) => ({ label, insert: label, documentation, isValue: true })) };
  }
  const word = /^(\s*)(- +)?([\w.$-]*)$/.exec(before);
  if (!word) return { from: column, items: [] };
  const parents = word[2] ? listParent(lines, row, word, [...pathAt(lines, row, word[1].length + 1), "[]"]) : pathAt(lines, row, word[1].length);
  const nodes = nodesAt(root, parents);
  const here = siblings(lines, row, word[1].length + (word[2]?.length ?? 0));
  const items = new Map();
  for (const node of nodes) {
    for (const [key, raw] of Object.entries(node.properties ?? {})) {
      if (here.has(key) || items.has(key)) continue;
      const kinds = variants(root, raw);
      const isObject = kinds.some(k => k.type === "object" || k.properties) && !kinds.some(k => k.type === "string" || k.enum);
      const isArray = !isObject && kinds.some(k => k.type === "array");
      items.set(key, {
        label: key, detail: typeOf(kinds), documentation: raw.description ?? kinds.find(k => k.description)?.description,
        insert: isObject ? `${key}:\n  $0` : isArray ? `${key}: [$0]` : `${key}: $0`, again: valuesOf(kinds).size > 0,
      });
    }
  }
  const values = word[2] || /^\s*$/.test(before) && items.size === 0 ? valuesOf(nodes) : new Map();
  return { from: column - word[3].length, items: [...items.values(), ...[...values].map(([label, documentation]) => ({ label, insert: label, documentation, isValue: true }))] };
}

/** For a dash the path is that of the key above it. */
function listParent(lines, row, match, parents) {
  if (!match[2]) return parents;
  for (let i = row - 1; i >= 0; i--) {
    const key = keyLine.exec(lines[i]);
    const own = lines[i].search(/\S/);
    if (key && !key[2] && own <= match[1].length) return [...pathAt(lines, i, own), key[4], "[]"];
  }
  return parents;
}

/** Keys that the same mapping has already. */
function siblings(lines, row, indent) {
  const keys = new Set();
  for (const direction of [-1, 1]) {
    for (let i = row + direction; i >= 0 && i < lines.length; i += direction) {
      const line = lines[i];
      if (!line.trim()) continue;
      const own = line.search(/\S/);
      if (own < indent) break;
      const key = keyLine.exec(line);
      if (key && own === indent) keys.add(key[4]);
    }
  }
  return keys;
}

/** Markdown about the key on a line, for hover. */
export function describe(root, lines, row) {
  const key = keyLine.exec(lines[row] ?? "");
  if (!key) return null;
  const nodes = nodesAt(root, [...(key[2] ? listParent(lines, row, key, []) : pathAt(lines, row, key[1].length)), key[4]]);
  const text = nodes.find(n => n.description)?.description;
  const choices = [...valuesOf(nodes).keys()];
  return text || choices.length ? `**${key[4]}** ${typeOf(nodes)}\n\n${text ?? ""}${choices.length ? `\n\nOne of: ${choices.map(c => `\`${c}\``).join(" ")}` : ""}` : null;
}
