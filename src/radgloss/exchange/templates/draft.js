"use strict";
/* Sentence ↔ box ↔ frame. Without this script the page still reads: text, first frame, boxes. */
(() => {
  document.body.classList.add("live");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const says = all(".say");
  const figures = all(".picture");
  let pinned = null;   // the button of the sentence that was chosen by click or key
  let before = null;   // what was on screen before a sentence was pointed at

  const shown = () => figures.find((f) => f.classList.contains("on"));
  const frames = (figure) => all(".frame", figure);
  const position = (figure) => frames(figure).findIndex((f) => f.classList.contains("on"));

  function showPicture(figure) {
    for (const f of figures) f.classList.toggle("on", f === figure);
    for (const b of all("[data-show]")) b.setAttribute("aria-pressed", String(b.dataset.show === figure.id));
  }

  function showFrame(figure, place) {
    const list = frames(figure);
    const at = Math.max(0, Math.min(list.length - 1, place));
    list.forEach((f, n) => f.classList.toggle("on", n === at));
    const frame = Number(list[at].dataset.frame);
    for (const box of all(".box", figure)) {
      box.classList.toggle("near", Number(box.dataset.low) <= frame && frame <= Number(box.dataset.high));
    }
    const slider = figure.querySelector("input[type=range]");
    if (slider) {
      slider.value = String(at);
      slider.setAttribute("aria-valuetext", `frame ${frame + 1} of ${figure.dataset.total}`);
      figure.querySelector("output").textContent = `${frame + 1} / ${figure.dataset.total}`;
    }
  }

  const sentencesOf = (box) => box.dataset.sentences.split(" ");

  function light(numbers) {
    for (const box of all(".box")) {
      box.classList.toggle("lit", sentencesOf(box).some((n) => numbers.includes(n)));
    }
    for (const say of says) {
      say.closest(".sentence").classList.toggle("lit", numbers.includes(say.dataset.sentence));
    }
  }

  function goTo(say) {
    light([say.dataset.sentence]);
    if (!say.dataset.picture) return;
    const figure = document.getElementById(say.dataset.picture);
    showPicture(figure);
    showFrame(figure, frames(figure).findIndex((f) => f.dataset.frame === say.dataset.frame));
  }

  function pointAt(say) {
    if (!before && shown()) before = { figure: shown(), place: position(shown()) };
    goTo(say);
  }

  function leave() {
    if (pinned) goTo(pinned);
    else {
      light([]);
      if (before) { showPicture(before.figure); showFrame(before.figure, before.place); }
    }
    before = null;
  }

  function pin(say) {
    const off = !say || say === pinned;
    pinned = off ? null : say;
    before = null;
    for (const s of says) {
      s.setAttribute("aria-pressed", String(s === pinned));
      s.closest(".sentence").classList.toggle("pinned", s === pinned);
    }
    if (pinned) goTo(pinned); else light([]);
  }

  for (const say of says) {
    const item = say.closest(".sentence");
    item.addEventListener("mouseenter", () => pointAt(say));
    item.addEventListener("mouseleave", leave);
    say.addEventListener("focus", () => { if (say.matches(":focus-visible")) pointAt(say); });
    say.addEventListener("blur", () => { if (!item.matches(":hover")) leave(); });
    say.addEventListener("click", () => pin(say));
  }
  for (const box of all(".box")) {
    const own = says.filter((s) => sentencesOf(box).includes(s.dataset.sentence));
    box.addEventListener("mouseenter", () => light(sentencesOf(box)));
    box.addEventListener("mouseleave", () => light(pinned ? [pinned.dataset.sentence] : []));
    box.addEventListener("click", () => {
      if (!own.includes(pinned)) pin(own[0]);
      own[0].scrollIntoView({ block: "nearest" });
    });
  }

  for (const figure of figures) {
    const slider = figure.querySelector("input[type=range]");
    if (!slider) continue;
    slider.addEventListener("input", () => { before = null; showFrame(figure, Number(slider.value)); });
    let turned = 0;
    figure.querySelector(".stage").addEventListener("wheel", (event) => {
      event.preventDefault();
      turned += event.deltaY;
      if (Math.abs(turned) < 30) return;
      before = null;
      showFrame(figure, position(figure) + Math.sign(turned));
      turned = 0;
    }, { passive: false });
  }
  for (const button of all("[data-show]")) {
    button.addEventListener("click", () => showPicture(document.getElementById(button.dataset.show)));
  }

  function toggle(id, name, whenPressed) {
    const button = document.getElementById(id);
    if (!button) return;
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    document.body.classList.toggle(name, pressed === whenPressed);
  }
  const invert = () => toggle("invert", "inverted", true);
  const boxes = () => toggle("boxes", "no-boxes", false);
  document.getElementById("invert")?.addEventListener("click", invert);
  document.getElementById("boxes")?.addEventListener("click", boxes);

  function move(by) {
    const at = says.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : says.length - 1) : at + by;
    says[Math.max(0, Math.min(says.length - 1, next))]?.focus();
  }
  function scroll(by) {
    const figure = shown();
    if (!figure) return;
    before = null;
    showFrame(figure, position(figure) + by);
  }
  const keys = {
    ArrowDown: () => move(1), ArrowUp: () => move(-1), j: () => move(1), k: () => move(-1),
    ArrowRight: () => scroll(1), ArrowLeft: () => scroll(-1),
    b: boxes, i: invert, Escape: () => { pin(null); document.activeElement?.blur(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.matches("input, summary")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
})();
