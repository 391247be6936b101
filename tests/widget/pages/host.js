// Writes down what the widget tells its page, for tests to read.
window.heard = [];
for (const type of [
  "cti-call",
  "cti-pop",
  "cti-left",
  "cti-select",
  "cti-dismiss",
  "cti-state",
  "cti-token-needed",
]) {
  document.addEventListener(type, ({ detail }) => window.heard.push({ type, detail }));
}
