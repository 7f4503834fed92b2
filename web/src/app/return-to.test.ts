import { describe, expect, it } from "vitest";
import { safeReturnTo } from "./return-to";

const origin = "https://diwan.example";
const to = (value: unknown) => safeReturnTo(value, origin);

describe("where to go after signing in", () => {
  it("keeps a path of this dashboard with its query and fragment", () => {
    expect(to("/audit?outcome=denied#top")).toBe("/audit?outcome=denied#top");
    expect(to("/device?code=ABCD-EFGH")).toBe("/device?code=ABCD-EFGH");
  });

  it.each([
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "/.//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "evil",
    "",
    undefined,
    { toString: () => "/audit" },
  ])("refuses %j", (value) => {
    expect(to(value)).toBe("/");
  });

  it("does not return to a page that signs in, which would turn in circles", () => {
    expect(to("/sign-in?return_to=%2Faudit")).toBe("/");
    expect(to("/join#token=x")).toBe("/");
  });

  it("lets a page whose name merely begins alike through", () => {
    expect(to("/joiners")).toBe("/joiners");
  });
});
