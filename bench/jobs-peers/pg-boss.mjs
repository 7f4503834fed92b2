// pg-boss, as its documents say: https://pgboss.io/api/workers
import { PgBoss } from "pg-boss";

import { Countdown, clients, figures, latencies, parts } from "./measure.mjs";

const QUEUE = "noop";
// Asks again at once as long as there is a whole batch; more workers work off no more on two processors.
const IN_BATCHES = { batchSize: 500, burstWhenBatchFull: true, localConcurrency: 3, pollingIntervalSeconds: 0.5 };

export class Peer {
  #pool;
  #boss;

  constructor(pool) {
    this.#pool = pool;
    const { connectionString, max } = pool.options;
    // Its upkeep and its schedules are nothing that we measure.
    this.#boss = new PgBoss({ connectionString, max, supervise: false, schedule: false, useListenNotify: true });
    this.#boss.on("error", (error) => {
      throw error;
    });
  }

  async open() {
    await this.#boss.start();
    await this.#boss.createQueue(QUEUE);
  }

  async enqueue(many, count) {
    return figures(count, await clients(many, count, (number) => this.#send(number)));
  }

  async enqueueBatches(many, count, size) {
    const batches = parts(count, size, (number) => ({ data: { number } }));
    return figures(count, await clients(many, batches.length, (batch) => this.#boss.insert(QUEUE, batches[batch])));
  }

  async workOff(count) {
    const countdown = new Countdown(count);
    const begin = performance.now();
    await this.#work(countdown);
    return { per_second: count / (await this.#over(countdown, begin)) };
  }

  async endToEnd(many, count) {
    const countdown = new Countdown(count);
    await this.#work(countdown);
    const begin = performance.now();
    await clients(many, count, (number) => this.#send(number));
    return { per_second: count / (await this.#over(countdown, begin)) };
  }

  /** With notifications, which it has off by default: without them its workers look twice a second at most. */
  async latency(times, pause) {
    await this.#boss.updateQueue(QUEUE, { notify: true });
    let tell;
    await this.#boss.work(QUEUE, { pollingIntervalSeconds: 0.5 }, async () => tell(performance.now()));
    const begun = () => new Promise((done) => (tell = done));
    return await latencies(times, pause, (number) => this.#send(number), begun);
  }

  async #send(number) {
    await this.#boss.send(QUEUE, { number });
  }

  async #work(countdown) {
    await this.#boss.work(QUEUE, IN_BATCHES, async (jobs) => countdown.handled(jobs.length));
  }

  /** Until all were handled, and the database says so. */
  async #over(countdown, begin) {
    await countdown.all;
    let left;
    do {
      const { rows } = await this.#pool.query("SELECT count(*)::int AS left FROM pgboss.job WHERE state < 'completed'");
      left = rows[0].left;
    } while (left > 0);
    return (performance.now() - begin) / 1e3;
  }

  async close() {
    await this.#boss.stop();
  }
}
