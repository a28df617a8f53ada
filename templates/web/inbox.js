// Makes the toggles act without loading the page anew; every one of them is a link that works without this file.
"use strict";
(() => {
  const letters = document.getElementById("letters");
  if (!letters) {
    setTimeout(() => location.reload(), 4000); // the first mails are still on their way
    return;
  }
  const frames = () => letters.querySelectorAll("iframe");

  // A frame as tall as its mail: nothing to scroll inside of it.
  const fit = (frame) => {
    const page = frame.contentDocument;
    if (!page || !page.documentElement) return;
    frame.style.height = "0px";
    frame.style.height = Math.max(320, page.documentElement.scrollHeight) + "px";
  };
  const fitAll = () => frames().forEach(fit);

  const show = (name, value) => {
    if (name === "width") {
      letters.classList.remove("phone", "desktop");
      letters.classList.add(value);
      requestAnimationFrame(fitAll);
    } else {
      letters.dataset[name] = value;
      const query = new URLSearchParams({ look: letters.dataset.look, part: letters.dataset.part });
      frames().forEach((frame) => frame.contentWindow.location.replace(frame.dataset.mail + "?" + query));
    }
  };

  const chosen = () => ({
    width: letters.classList.contains("desktop") ? "desktop" : "phone",
    look: letters.dataset.look,
    part: letters.dataset.part,
  });

  const refresh = () => {
    const now = chosen();
    document.querySelectorAll("[data-toggle]").forEach((link) => {
      const { toggle, value } = link.dataset;
      if (now[toggle] === value) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
      link.href = "/inbox?" + new URLSearchParams({ ...now, [toggle]: value });
    });
    history.replaceState(null, "", "/inbox?" + new URLSearchParams(now));
  };

  document.querySelectorAll("[data-toggle]").forEach((link) =>
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      show(link.dataset.toggle, link.dataset.value);
      refresh();
    }),
  );
  frames().forEach((frame) => {
    frame.addEventListener("load", () => fit(frame));
    fit(frame);
  });
  addEventListener("resize", fitAll);
})();
