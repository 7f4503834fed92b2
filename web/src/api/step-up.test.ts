import { describe, expect, it, vi } from "vitest";
import { StepUpPrompt, withStepUp } from "./step-up";

const refusal = () => Response.json({ code: "step_up_required" }, { status: 403 });
const request = () =>
  new Request("http://diwan.test/api/v1/me/tokens", {
    method: "POST",
    body: '{"name":"x"}',
    headers: { "Idempotency-Key": "first" },
  });

function sender(...answers: Response[]) {
  const seen: { body: string; key: string | null }[] = [];
  const send = async (sent: Request) => {
    seen.push({ body: await sent.text(), key: sent.headers.get("Idempotency-Key") });
    return answers.shift() ?? new Response(null, { status: 500 });
  };
  return { send, seen };
}

describe("a call that needs a fresh proof", () => {
  it("is repeated with the same body and a new idempotency key once the proof is given", async () => {
    const { send, seen } = sender(refusal(), Response.json({ ok: true }));
    const guarded = withStepUp(send, { ask: async () => true, newKey: () => "second" });
    expect((await guarded(request())).status).toBe(200);
    expect(seen).toEqual([
      { body: '{"name":"x"}', key: "first" },
      { body: '{"name":"x"}', key: "second" },
    ]);
  });

  it("gives back the refusal, still readable, when the person declines", async () => {
    const { send, seen } = sender(refusal());
    const answer = await withStepUp(send, { ask: async () => false, newKey: () => "" })(request());
    expect(await answer.json()).toEqual({ code: "step_up_required" });
    expect(seen).toHaveLength(1);
  });

  it("is not asked about for any other refusal", async () => {
    const ask = vi.fn(async () => true);
    const { send } = sender(Response.json({ code: "not_allowed" }, { status: 403 }));
    const answer = await withStepUp(send, { ask, newKey: () => "" })(request());
    expect(answer.status).toBe(403);
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("the prompt", () => {
  it("answers everyone who waits with one proof", async () => {
    const prompt = new StepUpPrompt();
    const shown: boolean[] = [];
    prompt.listen((pending) => shown.push(pending));
    const both = Promise.all([prompt.ask(), prompt.ask()]);
    prompt.settle(true);
    expect(await both).toEqual([true, true]);
    expect(shown.at(-1)).toBe(false);
  });
});
