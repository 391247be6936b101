// A page that is wrong in many ways: listeners that throw, prototypes that were added to, errors all the time.
Array.prototype.surprise = () => "everywhere";
Object.prototype.surprise = "everywhere";
for (const type of ["cti-call", "cti-pop", "cti-state", "cti-select"]) {
  document.addEventListener(type, () => {
    throw new Error(`a fault of the page at ${type}`);
  });
}
setInterval(() => nobodyDefinedThis(), 20);
