// What all peers are measured with: clients that send one after another, quantiles, and waiting for many jobs.

/** Calls `send` so many times, from so many clients at once, each of them one after the other. */
export async function clients(many, times, send) {
  const took = [];
  let next = 0;
  const begin = performance.now();
  const client = async () => {
    while (next < times) {
      const number = next++;
      const sent = performance.now();
      await send(number);
      took.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: many }, client));
  return { seconds: (performance.now() - begin) / 1e3, took };
}

/** The figures of `count` jobs that were sent so. */
export function figures(count, { seconds, took }) {
  return { per_second: count / seconds, ...quantiles(took) };
}

/** From the moment before a job is sent until its handler begins, one job after the other on an idle queue. */
export async function latencies(times, pause, send, begun) {
  const took = [];
  for (let number = 0; number < times; number++) {
    await new Promise((done) => setTimeout(done, pause));
    const handler = begun();
    const sent = performance.now();
    await send(number);
    took.push((await handler) - sent);
  }
  return quantiles(took);
}

function quantiles(took) {
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
  return { p50_ms: at(0.5), p99_ms: at(0.99) };
}

/** Counts what was handled: `all` is fulfilled at the last of them. */
export class Countdown {
  #left;
  #tell;

  constructor(count) {
    this.#left = count;
    this.all = new Promise((done) => (this.#tell = done));
  }

  handled(count) {
    this.#left -= count;
    if (this.#left === 0) this.#tell();
  }
}

/** `count` jobs in parts of `size`. */
export function parts(count, size, job) {
  const lengths = Array.from({ length: Math.ceil(count / size) }, (_, part) => Math.min(size, count - part * size));
  return lengths.map((length, part) => Array.from({ length }, (_, at) => job(part * size + at)));
}
