// What the screens about jobs do: one function for each operation of the server.
import { api, unwrap } from "@/api/client";
import type { components, paths } from "@/api/schema";
import type {
  Job,
  JobDetail,
  JobState,
  NewJob,
  OutputChannel,
  Schedule,
  ScheduleSpec,
  ScheduleWhen,
  StatisticsWindow,
} from "./api";

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? Q : never;
type Page<T> = { items: T[]; next_cursor?: string | null };

/** States are called by the words that the answers have. */
export type JobFilter = Omit<NonNullable<Query<"/jobs">>, "state"> & { state?: JobState | undefined };

export const listJobs = (query: JobFilter, signal: AbortSignal) =>
  unwrap(api.GET("/jobs", { params: { query: query as Query<"/jobs"> }, signal })) as Promise<unknown> as Promise<
    Page<Job>
  >;

export const getJob = (id: string, signal: AbortSignal) =>
  unwrap(api.GET("/jobs/{id}", { params: { path: { id } }, signal })) as Promise<unknown> as Promise<JobDetail>;

export const listArtifacts = (id: string, attempt: number | undefined, signal: AbortSignal) =>
  unwrap(api.GET("/jobs/{id}/artifacts", { params: { path: { id }, query: { attempt } }, signal }));

export const createJob = (body: NewJob) =>
  unwrap(api.POST("/jobs", { body: body as components["schemas"]["JobSpec"] }));

export const cancelJob = (id: string, query: { give_up?: boolean } = {}) =>
  unwrap(api.POST("/jobs/{id}/cancel", { params: { path: { id }, query } }));

export const retryJob = (id: string) => unwrap(api.POST("/jobs/{id}/retry", { params: { path: { id } } }));

export const rerunJob = (id: string, changes: NewJob) =>
  unwrap(api.POST("/jobs/{id}/rerun", { params: { path: { id } }, body: { changes: changes as never } }));

export const listQueues = async (signal: AbortSignal) => (await unwrap(api.GET("/job-queues", { signal }))).items;

export const changeQueue = (name: string, body: { paused?: boolean; limit?: number }) =>
  unwrap(api.PUT("/job-queues/{name}", { params: { path: { name } }, body }));

export const listMachines = async (signal: AbortSignal) => (await unwrap(api.GET("/job-machines", { signal }))).items;

export const changeMachine = (id: string, body: { limit: number }) =>
  unwrap(api.PUT("/job-machines/{id}", { params: { path: { id } }, body }));

export type Which = components["schemas"]["DeadLetters"];

export const replayDeadLetters = (body: Which) => unwrap(api.POST("/job-dead-letters/replay", { body }));

export const dismissDeadLetters = (body: Which) => unwrap(api.POST("/job-dead-letters/dismiss", { body }));

export const readStatistics = (query: { window: StatisticsWindow; queue?: string | undefined }, signal: AbortSignal) =>
  unwrap(api.GET("/job-statistics", { params: { query }, signal }));

export const listSchedules = (query: { cursor?: string | undefined }, signal: AbortSignal) =>
  unwrap(api.GET("/job-schedules", { params: { query }, signal })) as Promise<unknown> as Promise<Page<Schedule>>;

export const getSchedule = (id: string, signal: AbortSignal) =>
  unwrap(api.GET("/job-schedules/{id}", { params: { path: { id } }, signal })) as Promise<unknown> as Promise<Schedule>;

/** With the secret that signs calls, if it is called; it is told this once. */
export const createSchedule = (body: ScheduleSpec) =>
  unwrap(api.POST("/job-schedules", { body: body as components["schemas"]["CreateSchedule"] }));

export const changeSchedule = (id: string, body: Partial<ScheduleSpec> & { paused?: boolean }) =>
  unwrap(
    api.PATCH("/job-schedules/{id}", {
      params: { path: { id } },
      body: body as components["schemas"]["UpdateSchedule"],
    }),
  );

export const removeSchedule = (id: string) => unwrap(api.DELETE("/job-schedules/{id}", { params: { path: { id } } }));

export const runSchedule = (id: string) => unwrap(api.POST("/job-schedules/{id}/run", { params: { path: { id } } }));

export const newHookSecret = (id: string) =>
  unwrap(api.POST("/job-schedules/{id}/secret", { params: { path: { id } } }));

export const previewSchedule = (when: ScheduleWhen, count: number, signal: AbortSignal) =>
  unwrap(api.POST("/job-schedules/preview", { body: { when, count }, signal }));

export interface LogQuestion {
  attempt: number;
  text: string;
  channel: OutputChannel;
  from: number;
  line: number;
}

export const searchLog = (job: string, question: LogQuestion, signal: AbortSignal) =>
  unwrap(
    api.GET("/jobs/{id}/log/search", {
      params: { path: { id: job }, query: { ...question, ignore_case: true } },
      signal,
    }),
  );

export const listSecrets = (signal: AbortSignal) =>
  unwrap(api.GET("/secrets", { params: { query: { limit: 100 } }, signal }));
