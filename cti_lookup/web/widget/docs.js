// The page that shows the description: all of it comes from openapi.json and asyncapi.json of the same service.

import { fieldsOf, kindOf, make, prose, resolved, sample } from "./docs-parts.js";
import { tryIt } from "./docs-try.js";

const SCHEMES = { bearer: "machine key", apiKey: "X-API-Key", basic: "Basic", queryKey: "?key=", agentToken: "agent token" };
const EVERYWHERE = ["expectation_failed", "internal", "full"].map((name) => `#/components/responses/${name}`);
const search = document.querySelector("#search");
const key = document.querySelector("#key");

async function fetched(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status}`);
  return response.json();
}

function routesOf(whole) {
  return Object.entries(whole.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation, tag: operation.tags[0], id: operation.operationId })));
}

// -- one route

function shownRoute(whole, route) {
  const { path, method, operation, id } = route;
  const element = make(
    "details", { class: "route", id },
    make("summary", { class: "opens" }, make("span", { class: `method ${method}` }, method.toUpperCase()), make("span", { class: "path" }, path), make("span", { class: "says" }, operation.summary)),
  );
  element.addEventListener("toggle", () => element.append(inside(whole, route)), { once: true });
  return element;
}

function inside(whole, { path, method, operation }) {
  const body = operation.requestBody && resolved(whole, operation.requestBody).node;
  return make(
    "div", { class: "inside" },
    operation.description ? make("p", {}, prose(operation.description)) : null,
    make("p", { class: "kind" }, whoMay(operation.security ?? [])),
    operation.parameters ? [make("h3", {}, "Parameters"), parameters(whole, operation.parameters)] : null,
    body ? [make("h3", {}, "Body"), contentOf(whole, body.content)] : null,
    make("h3", {}, "Answers"),
    Object.entries(operation.responses).filter(([, one]) => !EVERYWHERE.includes(one.$ref)).map(([status, one]) => answer(whole, status, one)),
    make("p", { class: "kind" }, "Any route may answer 417 (an expectation that cannot be met), 500 and 503 (", make("code", {}, "full"), ") too."),
    tryIt(whole, path, method, operation, () => key.value),
  );
}

function whoMay(security) {
  if (security.length === 0) return "For anybody.";
  const names = security.map((one) => SCHEMES[Object.keys(one)[0]] ?? "nothing, where the source signs or nothing is asked for");
  return `Takes ${names.join(", ").replace(/, ([^,]*)$/, " or $1")}.`;
}

function parameters(whole, told) {
  const rows = told.map((one) => resolved(whole, one).node).map((one) => make(
    "tr", {},
    make("td", {}, make("code", {}, one.name), one.required ? [" ", make("span", { class: "needed" }, "required")] : null),
    make("td", { class: "kind" }, one.in),
    make("td", {}, prose(one.description ?? ""), " ", make("span", { class: "kind" }, kindOf(whole, one.schema))),
  ));
  return make("div", { class: "wide" }, make("table", {}, make("tbody", {}, rows)));
}

function contentOf(whole, content) {
  const kinds = Object.entries(content);
  return make("div", {}, kinds.map(([media, { schema, example, examples }]) => [
    make("p", { class: "kind" }, media),
    schema && media.endsWith("json") && kinds[0][0] === media ? fieldsOf(whole, schema) : null,
    example !== undefined && (media.endsWith("json") || typeof example === "string") ? sample(example) : null,
    Object.values(examples ?? {}).map(({ value }) => sample(value)),
  ]));
}

function answer(whole, status, told) {
  const { node } = resolved(whole, told);
  const element = make("details", { class: "answer" }, make(
    "summary", { class: "opens" }, make("span", { class: `status ${status < "400" ? "good" : "bad"}` }, status), make("span", {}, prose(node.description)),
  ));
  const names = Object.keys(node.headers ?? {});
  element.addEventListener("toggle", () => element.append(make(
    "div", {}, names.length ? make("p", { class: "kind" }, `Headers: ${names.join(", ")}`) : null, node.content ? contentOf(whole, node.content) : null,
  )), { once: true });
  return element;
}

// -- the whole page

function section(id, title, about, ...parts) {
  return make("section", { "aria-labelledby": `about-${id}` }, make("h2", { id: `about-${id}` }, title), make("p", {}, prose(about)), parts);
}

function codes(whole) {
  const examples = Object.values(whole.components.responses).flatMap((one) => Object.values(one.content).flatMap(({ examples }) => Object.values(examples)));
  const known = new Map(examples.map(({ value }) => [value.code, value]));
  const rows = [...known.values()].sort((one, other) => one.status - other.status).map((one) => make(
    "tr", { class: "code" }, make("td", {}, make("code", {}, one.code)), make("td", { class: "status" }, String(one.status)), make("td", {}, prose(one.detail)),
  ));
  const head = make("thead", {}, make("tr", {}, ["Code", "Status", "Means"].map((one) => make("th", { scope: "col" }, one))));
  return make("div", { class: "wide" }, make("table", {}, head, make("tbody", {}, rows)));
}

function messages(feed) {
  return Object.values(feed.components.messages).map((one) => {
    const element = make("details", { class: "route", id: `event-${one.name}` }, make(
      "summary", { class: "opens" }, make("span", { class: "method event" }, "EVENT"), make("span", { class: "path" }, one.name), make("span", { class: "says" }, one.summary),
    ));
    element.addEventListener("toggle", () => element.append(make(
      "div", { class: "inside" }, one.headers ? make("p", { class: "kind" }, "Has an id.") : null,
      fieldsOf(feed, one.payload), one.examples.map(({ payload }) => sample(payload)),
    )), { once: true });
    return element;
  });
}

function list(title, links) {
  return make("div", {}, make("h2", {}, title), make("ul", {}, links.map(([id, method, path]) => make(
    "li", { "data-for": id }, make("a", { href: `#${id}` }, make("span", { class: `method ${method}` }, method.toUpperCase()), make("span", { class: "path" }, path)),
  ))));
}

function show(whole, feed) {
  const routes = routesOf(whole);
  const of = (tag) => routes.filter((one) => one.tag === tag.name);
  const names = Object.keys(feed.components.messages);
  document.querySelector("nav").append(
    ...whole.tags.map((tag) => list(tag.name, of(tag).map(({ id, method, path }) => [id, method, path]))),
    list("live feed", names.map((name) => [`event-${name}`, "event", name])),
  );
  document.querySelector("main").append(
    make("div", { class: "about" }, make("p", {}, prose(whole.info.description)), make("p", { class: "links" }, make("a", { href: "openapi.json" }, "OpenAPI 3.1"), make("a", { href: "asyncapi.json" }, "AsyncAPI 3.0"))),
    ...whole.tags.map((tag) => section(tag.name, tag.name, tag.description, of(tag).map((one) => shownRoute(whole, one)))),
    section("feed", "Live feed", feed.info.description, messages(feed)),
    section("codes", "Problems", "Every code that a problem document may hold.", codes(whole)),
    make("p", { class: "nothing", hidden: true }, "Nothing here goes by that."),
  );
  return new Map([
    ...routes.map((one) => [one.id, `${one.method} ${one.path} ${JSON.stringify(one.operation)}`.toLowerCase()]),
    ...names.map((name) => [`event-${name}`, `event ${name} ${JSON.stringify(feed.components.messages[name])}`.toLowerCase()]),
  ]);
}

// -- finding

function narrow(texts) {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((word) => text.includes(word));
  let count = 0;
  for (const [id, text] of texts) {
    const here = fits(text);
    count += here;
    document.getElementById(id).hidden = !here;
    document.querySelector(`[data-for="${id}"]`).hidden = !here;
  }
  for (const row of document.querySelectorAll("tr.code")) row.hidden = !fits(row.textContent.toLowerCase());
  for (const part of document.querySelectorAll("main section, nav > div")) part.hidden = !part.querySelector(".route:not([hidden]), tr.code:not([hidden]), li[data-for]:not([hidden])");
  document.querySelector(".about").hidden = words.length > 0;
  document.querySelector(".nothing").hidden = document.querySelector("main section:not([hidden])") !== null;
  scrollTo(0, 0);
  document.querySelector("#found").textContent = words.length ? `${count} found` : "";
}

function open(id) {
  const route = id && document.getElementById(id);
  if (!(route instanceof HTMLDetailsElement)) return;
  route.open = true;
  route.querySelector("summary").focus({ preventScroll: true });
  route.scrollIntoView({ block: "start" });
}

function listen(texts) {
  search.addEventListener("input", () => narrow(texts));
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault(); // the summary has the focus next, and would close again
      open(document.querySelector(".route:not([hidden])")?.id);
    }
    if (event.key === "Escape") { search.value = ""; narrow(texts); }
  });
  document.addEventListener("keydown", (event) => {
    const isWriting = event.target.closest("input, textarea, select");
    if (event.key !== "/" || isWriting || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
  });
  addEventListener("hashchange", () => open(location.hash.slice(1)));
  document.querySelector("nav").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link) open(link.hash.slice(1)); // also where it is open already, and the hash does not change
  });
}

try {
  const [whole, feed] = await Promise.all(["openapi.json", "asyncapi.json"].map(fetched));
  listen(show(whole, feed));
  open(location.hash.slice(1));
} catch (fault) {
  document.querySelector("main").append(make("p", { role: "alert" }, `The description could not be read: ${fault.message}`));
}
