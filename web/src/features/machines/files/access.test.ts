import { afterEach, describe, expect, it, vi } from "vitest";
import { isWhole, puttingInto, readSmallFile } from "./access";

const place = { root: "projects", path: "a.txt" };

function answering(answer: Response) {
  const fetched = vi.fn((_: Request) => Promise.resolve(answer));
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

describe("files of a machine", () => {
  it("ask in advance for a name that a file could have, in the top directory too", () => {
    expect(puttingInto({ root: "projects", path: "" })).toEqual({ kind: "files.put", root: "projects", path: "file" });
    expect(puttingInto({ root: "projects", path: "api/src" })).toMatchObject({ path: "api/src/file" });
  });

  it("are whole if nothing lies beyond the first part", () => {
    expect([isWhole(null, 0), isWhole("bytes 0-5/6", 6), isWhole("bytes 0-5/16", 6)]).toEqual([true, true, false]);
  });

  it("come at once when they are small", async () => {
    const fetched = answering(
      new Response("a file", { status: 206, headers: { "content-range": "bytes 0-5/6", "content-length": "6" } }),
    );
    expect(await (await readSmallFile("mch_1", place))?.text()).toBe("a file");
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]?.[0].headers.get("range")).toBe("bytes=0-1048575");
  });

  it("are left to the browser when they are large", async () => {
    answering(new Response("a file", { status: 206, headers: { "content-range": "bytes 0-5/5000000" } }));
    expect(await readSmallFile("mch_1", place)).toBeNull();
  });

  it("say why they are not to be had", async () => {
    const problem = { code: "file_denied", title: "The machine does not permit it", detail: "a.txt: not permitted" };
    answering(Response.json(problem, { status: 403, headers: { "content-type": "application/problem+json" } }));
    await expect(readSmallFile("mch_1", place)).rejects.toMatchObject({ code: "file_denied", status: 403 });
  });
});
