// Makes every key of the English words a type, so a misspelt key fails the type check.
import type words from "./en";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof words };
  }
}
