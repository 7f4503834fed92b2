// What people do in the dashboard again and again.
import { en } from "./words.mjs";

/** Types address and password on the sign-in page. */
export async function enterPassword(page, { email, password }, t = en) {
  await page.getByLabel(t("sign_in.email"), { exact: true }).fill(email);
  await page.getByLabel(t("sign_in.password"), { exact: true }).fill(password);
  await page.getByRole("button", { name: t("sign_in.action"), exact: true }).click();
}

/** Signs in by password and waits for the overview. */
export async function signIn(page, person, t = en) {
  await page.goto("/sign-in");
  await enterPassword(page, person, t);
  await overview(page, t);
}

export async function overview(page, t = en) {
  await page.getByRole("heading", { level: 1, name: t("places.overview") }).waitFor();
}

export async function signOut(page, person, t = en) {
  await page.getByRole("button", { name: person.name }).first().click();
  await page.getByRole("menuitem", { name: t("shell.sign_out") }).click();
  await page.getByRole("heading", { name: t("sign_in.title") }).waitFor();
}

/** Until nothing of it is on the page: what closes or is asked for anew takes a moment to go. */
export async function gone(locator) {
  await locator.first().waitFor({ state: "detached" });
}
