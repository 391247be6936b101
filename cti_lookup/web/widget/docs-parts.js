// Elements, and how text and schemas are shown. Whatever comes from outside becomes text, never markup.

/** Makes an element: `make("p", { class: "note" }, "text", otherElement)`; null and false are left out. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** Gives a text as nodes; what stands between backticks is code. */
export function prose(text = "") {
  return text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part)).filter((part) => part !== "");
}

/** Shows a value as JSON, and text as it is. */
export function sample(value) {
  return make("pre", { tabindex: "0" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

const placesOf = (place) => place.slice(2).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

/** Follows `$ref` in a document; gives what it stands for, and the name it goes by. */
export function resolved(whole, node) {
  let name = "";
  while (node && node.$ref) {
    const places = placesOf(node.$ref);
    name = places.at(-1);
    const { $ref: _, ...beside } = node;
    node = { ...places.reduce((inner, place) => inner[place], whole), ...beside };
  }
  return { name, node };
}

/** Says in a few words what a schema allows. */
export function kindOf(whole, schema) {
  const { name, node } = resolved(whole, schema ?? {});
  if ("const" in node) return JSON.stringify(node.const);
  if (node.enum && !node.properties) return node.enum.map((one) => (one === null ? "null" : one || '""')).join(" · ");
  const some = node.anyOf ?? node.oneOf;
  if (some && !node.properties) return some.map((one) => kindOf(whole, one)).join(" or ");
  if (node.type === "array") return `list of ${kindOf(whole, node.items)}${bounds("items", node.minItems, node.maxItems)}`;
  const kind = name || [node.type ?? "anything"].flat().join(" or ");
  const format = node.format ? ` (${node.format})` : "";
  return `${kind}${format}${bounds("characters", node.minLength, node.maxLength)}${bounds("", node.minimum, node.maximum)}`;
}

function bounds(unit, least, most) {
  if (least === undefined && most === undefined) return "";
  const told = least === undefined ? `at most ${most}` : most === undefined ? `at least ${least}` : `${least} to ${most}`;
  return `, ${told}${unit && ` ${unit}`}`;
}

/** Finds the object or objects that a schema holds, through lists and alternatives, by name. */
function objectsIn(whole, schema) {
  const { name, node } = resolved(whole, schema ?? {});
  if (node.properties) return [{ name, node }];
  if (node.items) return objectsIn(whole, node.items);
  if (typeof node.additionalProperties === "object") return objectsIn(whole, node.additionalProperties);
  return (node.anyOf ?? node.oneOf ?? []).flatMap((one) => objectsIn(whole, one));
}

/** Shows the fields of a schema as a tree; an object within opens when asked to. `isInner`: its text stands above it already. */
export function fieldsOf(whole, schema, isInner = false) {
  const objects = objectsIn(whole, schema);
  if (objects.length === 0) return null;
  return make("div", {}, objects.map(({ name, node }) => [
    objects.length > 1 && name ? make("p", {}, make("strong", {}, name)) : null,
    node.description && !isInner ? make("p", { class: "note" }, prose(node.description)) : null,
    fieldList(whole, node),
  ]));
}

function fieldList(whole, node) {
  const needed = node.required ?? Object.keys(node.properties); // where all may be missing, it is not said of each
  return make("ul", { class: "fields" }, Object.entries(node.properties).map(([name, one]) => field(whole, name, one, needed.includes(name))));
}

function field(whole, name, schema, isNeeded) {
  const { node } = resolved(whole, schema);
  const line = [
    make("code", {}, name), " ", make("span", { class: "kind" }, kindOf(whole, schema)),
    isNeeded ? null : make("span", { class: "kind" }, ", may be missing"),
    node.description ? [" ", make("span", { class: "note" }, prose(node.description))] : null,
  ];
  if (objectsIn(whole, schema).length === 0) return make("li", {}, line);
  const inner = make("details", {}, make("summary", {}, line));
  inner.addEventListener("toggle", () => inner.append(fieldsOf(whole, schema, true)), { once: true });
  return make("li", {}, inner);
}
