// graphile-worker, as its own page says how it is fast: https://worker.graphile.org/docs/performance
import { Logger, makeWorkerUtils, run } from "graphile-worker";

import { Countdown, clients, figures, latencies, parts } from "./measure.mjs";

// Those of its own measurements.
const CONCURRENCY = 24;
const IN_BATCHES = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };
// More of them work off no more on two processors.
const WORKERS = 3;

export class Peer {
  #pool;
  #logger = new Logger(() => () => {});
  #utils;

  constructor(pool) {
    this.#pool = pool;
  }

  async open() {
    this.#utils = await makeWorkerUtils({ pgPool: this.#pool, logger: this.#logger });
    await this.#utils.migrate();
  }

  async enqueue(many, count) {
    return figures(count, await clients(many, count, (number) => this.#send(number)));
  }

  async enqueueBatches(many, count, size) {
    const batches = parts(count, size, (number) => ({ identifier: "noop", payload: { number } }));
    return figures(count, await clients(many, batches.length, (batch) => this.#utils.addJobs(batches[batch])));
  }

  /** Works off what waits: in batches, or job by job. */
  async workOff(count, isInBatches) {
    const countdown = new Countdown(count);
    const begin = performance.now();
    const workers = await this.#work(countdown, isInBatches);
    const seconds = await this.#over(countdown, begin);
    await stop(workers);
    return { per_second: count / seconds };
  }

  /** Sends from many clients while its workers are at work, until nothing is left. */
  async endToEnd(many, count) {
    const countdown = new Countdown(count);
    const workers = await this.#work(countdown, true);
    const begin = performance.now();
    await clients(many, count, (number) => this.#send(number));
    const seconds = await this.#over(countdown, begin);
    await stop(workers);
    return { per_second: count / seconds };
  }

  async latency(times, pause) {
    let tell;
    const worker = await this.#run({ noop: () => tell(performance.now()) }, {});
    const begun = () => new Promise((done) => (tell = done));
    const measured = await latencies(times, pause, (number) => this.#send(number), begun);
    await worker.stop();
    return measured;
  }

  async #send(number) {
    await this.#utils.addJob("noop", { number });
  }

  async #work(countdown, isInBatches) {
    const tasks = { noop: () => countdown.handled(1) };
    const settings = isInBatches ? IN_BATCHES : {};
    return await Promise.all(Array.from({ length: WORKERS }, () => this.#run(tasks, settings)));
  }

  async #run(taskList, settings) {
    const preset = { worker: { concurrentJobs: CONCURRENCY, ...settings } };
    return await run({ preset, pgPool: this.#pool, taskList, logger: this.#logger, noHandleSignals: true });
  }

  /** Until all were handled, and the database says so: a job that has ended is removed. */
  async #over(countdown, begin) {
    await countdown.all;
    let left;
    do {
      const { rows } = await this.#pool.query("SELECT count(*)::int AS left FROM graphile_worker._private_jobs");
      left = rows[0].left;
    } while (left > 0);
    return (performance.now() - begin) / 1e3;
  }

  async close() {
    await this.#utils.release();
  }
}

async function stop(workers) {
  await Promise.all(workers.map((worker) => worker.stop()));
}
