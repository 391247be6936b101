// Embeds the frame of another origin, and writes down what the frame tells.
window.heard = [];
window.addEventListener("message", ({ data, origin }) => window.heard.push({ ...data, from: origin }));

window.embed = (service, origin) => {
  const frame = document.createElement("iframe");
  frame.src = `${service}/widget/frame.html?origin=${encodeURIComponent(origin)}`;
  frame.title = "Callers";
  frame.width = "420";
  frame.height = "520";
  document.body.append(frame);
  window.tell = (message) => frame.contentWindow.postMessage(message, service);
};
