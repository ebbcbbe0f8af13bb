// The code editor: Monaco with what pipelines and tables need, loaded only by pages that edit.
import { editor, languages, MarkerSeverity, Range } from "monaco-editor/editor";
import "monaco-editor/features/codicon/register.js";
import "monaco-editor/features/bracketMatching/register.js";
import "monaco-editor/features/clipboard/register.js";
import "monaco-editor/features/comment/register.js";
import "monaco-editor/features/find/register.js";
import "monaco-editor/features/folding/register.js";
import "monaco-editor/features/gotoError/register.js";
import "monaco-editor/features/hover/register.js";
import "monaco-editor/features/indentation/register.js";
import "monaco-editor/features/linesOperations/register.js";
import "monaco-editor/features/multicursor/register.js";
import "monaco-editor/features/snippet/register.js";
import "monaco-editor/features/stickyScroll/register.js";
// features/suggest brings only its inline variant; the list itself is this one.
import "monaco-editor/editor/contrib/suggest/browser/suggestController.js";
import "monaco-editor/features/tokenization/register.js";
import "monaco-editor/features/wordHighlighter/register.js";
import "monaco-editor/features/wordOperations/register.js";
import "monaco-editor/features/contextmenu/register.js";
import "monaco-editor/languages/definitions/yaml/register.js";
import "monaco-editor/languages/definitions/sql/register.js";
import "monaco-editor/languages/definitions/csharp/register.js";
import "monaco-editor/languages/definitions/markdown/register.js";
import { completionAt, describe } from "./schema.js";

self.MonacoEnvironment = { getWorker: () => new Worker("/lib/editor.worker.js") };

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const schemas = new Map();

export { editor, languages, MarkerSeverity, Range };

export function useTheme() {
  const dark = document.documentElement.dataset.theme === "dark";
  editor.defineTheme("flowforge", {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: dark
      ? [{ token: "type.yaml", foreground: "9aa2ff" }, { token: "string.yaml", foreground: "c3d4a5" }, { token: "string", foreground: "c3d4a5" }, { token: "string.sql", foreground: "c3d4a5" }, { token: "predefined.sql", foreground: "c9a6ff" }, { token: "operator.sql", foreground: "aab2c4" }, { token: "keyword", foreground: "8fb8ff" }, { token: "comment", foreground: "6d7688" }, { token: "number", foreground: "e0b074" }]
      : [{ token: "type.yaml", foreground: "4338ca" }, { token: "string.yaml", foreground: "2f6b3a" }, { token: "string", foreground: "2f6b3a" }, { token: "string.sql", foreground: "2f6b3a" }, { token: "predefined.sql", foreground: "7a3ea8" }, { token: "operator.sql", foreground: "4b5264" }, { token: "keyword", foreground: "1a5fb4" }, { token: "comment", foreground: "7a8294" }, { token: "number", foreground: "9a5b00" }],
    colors: {
      "editor.background": css("--panel"), "editorGutter.background": css("--panel"), "editor.lineHighlightBackground": css("--sunken"), "editor.lineHighlightBorder": "#00000000",
      "editorLineNumber.foreground": css("--text-quiet"), "editorLineNumber.activeForeground": css("--text"), "editorWidget.background": css("--raised"), "editorWidget.border": css("--line-strong"),
      "editorStickyScroll.background": css("--panel"), "focusBorder": "#00000000",
    },
  });
  editor.setTheme("flowforge");
}
document.addEventListener("flowforge:theme", useTheme);

languages.registerCompletionItemProvider("yaml", {
  triggerCharacters: [" ", ":", "-"],
  provideCompletionItems(model, position) {
    const schema = schemas.get(model);
    if (!schema) return { suggestions: [] };
    const lines = model.getLinesContent();
    const found = completionAt(schema, lines, position.lineNumber - 1, position.column - 1);
    const range = new Range(position.lineNumber, found.from + 1, position.lineNumber, position.column);
    return {
      suggestions: found.items.map((item, i) => ({
        label: item.label, detail: item.detail, documentation: item.documentation, insertText: item.insert, range, sortText: String(i).padStart(4, "0"),
        kind: item.isValue ? languages.CompletionItemKind.Value : languages.CompletionItemKind.Property,
        insertTextRules: languages.CompletionItemInsertTextRule.InsertAsSnippet,
        command: item.again ? { id: "editor.action.triggerSuggest", title: "suggest" } : undefined,
      })),
    };
  },
});

languages.registerHoverProvider("yaml", {
  provideHover(model, position) {
    const schema = schemas.get(model);
    const text = schema && describe(schema, model.getLinesContent(), position.lineNumber - 1);
    return text ? { contents: [{ value: text }] } : null;
  },
});

/** Makes an editor in the host element; page.OnEdited(text) is called a moment after typing stops, page.OnSave() for Ctrl+S. */
export function create(host, page, options) {
  if (!document.querySelector('link[href="/lib/editor.css"]')) {
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/lib/editor.css" }));
  }
  useTheme();
  const model = editor.createModel(options.text, options.language ?? "yaml");
  model.updateOptions({ tabSize: 2, insertSpaces: true });
  if (options.schema) schemas.set(model, JSON.parse(options.schema));
  const view = editor.create(host, {
    model, automaticLayout: true, readOnly: options.readOnly ?? false, fontFamily: '"JetBrains Mono Variable", monospace', fontSize: 13, lineHeight: 20, fontLigatures: false,
    minimap: { enabled: false }, scrollBeyondLastLine: false, renderLineHighlight: "line", padding: { top: 10, bottom: 10 }, folding: true, glyphMargin: false, lineNumbersMinChars: 4,
    overviewRulerLanes: 2, overviewRulerBorder: false, fixedOverflowWidgets: true, quickSuggestions: { strings: true, comments: false, other: true }, wordBasedSuggestions: "off",
    scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, alwaysConsumeMouseWheel: false }, ariaLabel: options.label ?? "Editor", stickyScroll: { enabled: true, maxLineCount: 3 },
    "semanticHighlighting.enabled": false, unicodeHighlight: { ambiguousCharacters: false },
  });
  let pause = 0;
  model.onDidChangeContent(() => {
    clearTimeout(pause);
    pause = setTimeout(() => page.invokeMethodAsync("OnEdited", model.getValue()).catch(() => { /* the circuit is gone; the page says so */ }), options.pause ?? 350);
  });
  host.addEventListener("keydown", e => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "s") {
      e.preventDefault();
      clearTimeout(pause);
      page.invokeMethodAsync("OnSave", model.getValue());
    }
  });
  return {
    text: () => model.getValue(),
    setText(text) { if (text !== model.getValue()) model.setValue(text); },
    setSchema(text) { schemas.set(model, JSON.parse(text)); },
    /** Findings become squiggles on their line, from the first letter on, or from their column. */
    mark(findings) {
      editor.setModelMarkers(model, "flowforge", findings.filter(f => f.line).map(f => {
        const line = Math.min(Math.max(1, f.line), model.getLineCount());
        const start = Math.max(f.column ?? 1, model.getLineFirstNonWhitespaceColumn(line) || 1);
        return {
          startLineNumber: line, endLineNumber: line, startColumn: start, endColumn: Math.max(model.getLineLastNonWhitespaceColumn(line) || 1, start + 1), code: f.code, source: "FlowForge",
          severity: { error: MarkerSeverity.Error, warning: MarkerSeverity.Warning }[f.level] ?? MarkerSeverity.Info,
          message: f.suggestion ? `${f.message}\n${f.suggestion}` : f.message,
        };
      }));
    },
    reveal(line, column) {
      view.revealLineInCenterIfOutsideViewport(line);
      view.setPosition({ lineNumber: line, column: column ?? (model.getLineFirstNonWhitespaceColumn(line) || 1) });
      view.focus();
    },
    focus() { view.focus(); },
    dispose() { clearTimeout(pause); schemas.delete(model); view.dispose(); model.dispose(); },
  };
}
