/** VitePress's theme with types on hover and the components of the pages. */
import DefaultTheme from "vitepress/theme";
import { showTypes } from "./hover.js";
import OptionsFilter from "./OptionsFilter.vue";
import "./style.css";

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    if (!import.meta.env.SSR) showTypes();
    app.component("OptionsFilter", OptionsFilter);
  },
};
