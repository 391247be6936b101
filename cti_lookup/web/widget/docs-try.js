// Tries a route: the key is taken from the page's field each time, and stands nowhere else.

import { make, resolved, sample } from "./docs-parts.js";

const MOST_SHOWN = 200_000; // characters; a stream goes on for ever

/** Makes the part of a route in which it can be tried. `key()` gives the key. */
export function tryIt(whole, path, method, operation, key) {
  const asked = (operation.parameters ?? []).map((one) => input(resolved(whole, one).node));
  const body = operation.requestBody ? bodyOf(resolved(whole, operation.requestBody).node) : null;
  const line = make("pre", { tabindex: "0" });
  const send = make("button", { type: "button", class: "send" }, "Send");
  const stop = make("button", { type: "button", hidden: true }, "Stop");
  const took = make("span", { class: "took", role: "status" });
  const answer = make("div", { class: "answered" });
  const request = () => requestOf(path, method, asked, body);
  const show = () => { line.textContent = curl(request(), operation.security?.length > 0); };
  let ending = null;

  send.addEventListener("click", async () => {
    ending = new AbortController();
    send.disabled = true;
    stop.hidden = false;
    answer.replaceChildren();
    took.textContent = "Waiting …";
    await ask(request(), operation.security?.length > 0 ? key() : "", ending.signal, took, answer);
    send.disabled = false;
    stop.hidden = true;
  });
  stop.addEventListener("click", () => ending?.abort());
  const part = make(
    "div", { class: "try" }, make("h3", {}, "Try it"),
    asked.length ? make("div", { class: "asked" }, asked.map((one) => one.label)) : null,
    body?.part, line, make("div", { class: "buttons" }, send, stop, took), answer,
  );
  part.addEventListener("input", show);
  show();
  return part;
}

function input(parameter) {
  const { name, in: place, schema, example, required } = parameter;
  const given = required ? String(example ?? "") : "";
  const words = schema?.enum;
  const control = words
    ? make("select", {}, ["", ...words].map((word) => make("option", { value: word }, word)))
    : make("input", { type: "text", placeholder: example ?? "", autocomplete: "off", spellcheck: "false" });
  control.value = given;
  return { name, place, control, label: make("label", {}, make("span", {}, name), control) };
}

function bodyOf(body) {
  const media = Object.keys(body.content);
  const chosen = make("select", { "aria-label": "Content-Type" }, media.map((one) => make("option", {}, one)));
  const text = make("textarea", { rows: "7", spellcheck: "false", "aria-label": "Body" });
  const fill = () => { text.value = written(chosen.value, body.content[chosen.value].example ?? {}); };
  chosen.addEventListener("change", fill);
  fill();
  return { chosen, text, part: make("div", {}, chosen, text) };
}

function written(media, example) {
  return media.endsWith("json") ? JSON.stringify(example, null, 2) : new URLSearchParams(example).toString();
}

function requestOf(path, method, asked, body) {
  const query = new URLSearchParams();
  const headers = {};
  let target = path.slice(1); // beside this page, wherever a proxy has put it
  for (const { name, place, control } of asked) {
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(control.value));
    else if (control.value !== "" && place === "query") query.append(name, control.value);
    else if (control.value !== "" && place === "header") headers[name] = control.value;
  }
  if (body) headers["Content-Type"] = body.chosen.value;
  const url = new URL(query.size ? `${target}?${query}` : target, document.baseURI);
  return { url, method: method.toUpperCase(), headers, body: body?.text.value };
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ url, method, headers, body }, needsKey) {
  const told = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return [
    `curl${method === "GET" ? "" : ` -X ${method}`} ${quoted(url.href)}`,
    ...(needsKey ? ['-H "Authorization: Bearer $KEY"'] : []), ...told, ...(body === undefined ? [] : [`--data ${quoted(body)}`]),
  ].join(" \\\n  ");
}

async function ask({ url, method, headers, body }, key, signal, took, answer) {
  const began = performance.now();
  if (key) headers.Authorization = `Bearer ${key}`;
  try {
    const response = await fetch(url, { method, headers, body, signal, credentials: "omit", cache: "no-store", redirect: "manual" });
    took.textContent = `${Math.round(performance.now() - began)} ms`;
    answer.append(head(response));
    await read(response, answer);
  } catch (fault) {
    took.textContent = signal.aborted ? "Stopped." : `Not sent or not answered: ${fault.message}`;
  }
}

function head(response) {
  const names = ["content-type", "retry-after", "allow", "www-authenticate", "etag"];
  const told = names.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`);
  const kind = response.ok ? "status good" : "status bad";
  return make("p", {}, make("span", { class: kind }, `${response.status} ${response.statusText}`), make("br"), make("span", { class: "kind" }, told.join(" · ")));
}

/** Shows an answer as it comes, and once it is whole, JSON in lines. */
async function read(response, answer) {
  const shown = sample("");
  const decoder = new TextDecoder();
  let text = "";
  if (!response.body) return;
  for (const reader = response.body.getReader(); ;) {
    const { value, done } = await reader.read();
    if (done) break;
    text = (text + decoder.decode(value, { stream: true })).slice(-MOST_SHOWN);
    shown.textContent = text;
    if (!shown.isConnected) answer.append(shown);
  }
  if (/json/.test(response.headers.get("content-type") ?? "")) shown.textContent = inLines(text);
}

function inLines(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
