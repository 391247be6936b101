/** `GET /v1/explain` as a page, for whoever has a machine key. Nothing is stored. */

import { explanationOf } from "./explanation.js";
import { Refused, ask, h, isHeaderText } from "./service.js";

const byId = (id) => document.getElementById(id);

let asked = 0;

async function explain() {
  const mine = ++asked;
  const key = byId("key").value.trim();
  show(h("p", { class: "panel is-busy" }, "Explaining …"));
  try {
    if (!isHeaderText(key)) throw new Refused(0, "bad_key", "A key is made of plain letters, digits and signs.");
    const query = { telephone: byId("telephone").value, region: byId("region").value.trim(), ask: byId("ask").value };
    const told = await ask("v1/explain", { bearer: key, query });
    if (mine !== asked) return;
    show(h("section", { class: "panel" }, explanationOf(told)));
    byId("status").textContent = "Explained below.";
  } catch (fault) {
    if (mine !== asked) return;
    show(h("p", { class: "panel is-fault", role: "alert" }, fault instanceof Refused ? fault.message : "The answer could not be shown."));
  }
}

function show(content) {
  byId("told").replaceChildren(content);
}

byId("ask-form").addEventListener("submit", (event) => {
  event.preventDefault();
  explain();
});
