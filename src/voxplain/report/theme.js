// Light or dark: the system's choice, until the button is pressed.
const system = matchMedia("(prefers-color-scheme: dark)");
const button = document.querySelector("#theme");
let dark = system.matches;
const show = () => { button.textContent = dark ? "Light page" : "Dark page"; };
button.hidden = false;
show();
system.addEventListener("change", () => { dark = system.matches; show(); });
button.addEventListener("click", () => {
  dark = !dark;
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  show();
});
