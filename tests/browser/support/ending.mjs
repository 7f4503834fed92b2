// What a test leaves behind is taken away in the reverse order: the browser before the server it talks to.
const stacks = new WeakMap();

export function atTheEnd(test, work) {
  const stack = stacks.get(test);
  if (stack) {
    stack.push(work);
    return;
  }
  const fresh = [work];
  stacks.set(test, fresh);
  test.after(async () => {
    for (const one of fresh.reverse()) await one();
  });
}
