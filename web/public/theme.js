// Sets theme, language and direction before the first paint; external because the page allows no inline script.
(() => {
  const root = document.documentElement;
  let theme = "system";
  let language = navigator.language.startsWith("ar") ? "ar" : "en";
  try {
    theme = localStorage.getItem("diwan.theme") ?? theme;
    language = localStorage.getItem("diwan.language") ?? language;
  } catch {
    // Storage may be blocked; the defaults above then stand.
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = theme === "system" ? (dark ? "dark" : "light") : theme;
  // The same colours as chromeColor in src/app/theme.ts: the bar of a phone's browser belongs to the page.
  const bar = { light: "#f7f7f5", dark: "#0c0d11", brand: "#0b1140" }[root.dataset.theme];
  if (bar) document.querySelector('meta[name="theme-color"]').content = bar;
  root.lang = language === "ar" ? "ar" : "en";
  root.dir = root.lang === "ar" ? "rtl" : "ltr";
})();
