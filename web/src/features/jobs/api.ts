// The shapes of what the server tells about jobs.

import type { components } from "@/api/schema";
import type { jobStates } from "@/app/search";

type Schemas = components["schemas"];

export type JobState = (typeof jobStates)[number];
export type JobTarget = Schemas["JobTarget"];
export type JobRetry = Schemas["JobRetry"];
export type JobLimits = Schemas["CommandLimits"];
export type JobWait = Schemas["JobWait"];
export type JobQueue = Schemas["JobQueue"];
export type JobMachine = Schemas["JobMachine"];
export type Statistics = Schemas["JobStatistics"];
export type StatisticsBucket = Schemas["JobStatisticsBucket"];
export type StatisticsWindow = "1h" | "24h" | "7d" | "30d";

interface Stands {
  state: JobState;
  hold: "" | "time" | "dependencies";
}

/** What may be left out when a job is wanted is there when it is told of. */
type Told<T extends Schemas["JobSpec"]> = Omit<T, keyof Schemas["JobSpec"] | keyof Stands> & JobSpec & Stands;

/** What is wanted: all that a person decides. */
export interface JobSpec extends Required<Omit<Schemas["JobSpec"], "after">> {
  after: { job_id: string; when: "succeeded" | "ended" }[];
}

export type NewJob = Partial<JobSpec> & Pick<JobSpec, "operation">;
export type Job = Told<Schemas["Job"]>;
export type JobAttempt = Omit<Schemas["JobAttempt"], "state"> & Pick<Stands, "state">;
export type JobNeighbour = Omit<Schemas["JobNeighbour"], "state"> & Pick<Stands, "state">;

export interface JobDetail extends Omit<Told<Schemas["JobDetails"]>, "attempts" | "dependencies" | "dependents"> {
  attempts: JobAttempt[];
  dependencies: JobNeighbour[];
  dependents: JobNeighbour[];
}

/** Each kind as it is told: with all that may be left out when it is wanted. */
type Whole<T> = T extends unknown ? Required<T> : never;

export type ScheduleWhen = Whole<Schemas["ScheduleWhen"]>;
export type ScheduleSpec = Omit<Required<Schemas["CreateSchedule"]>, "job"> & { job: NewJob };
export type Schedule = Omit<Schemas["JobSchedule"], "job" | "when"> & { job: JobSpec; when: ScheduleWhen };

export type Artifacts = Schemas["JobArtifacts"];
export type Artifact = Schemas["Artifact"];

export type OutputChannel = Schemas["OutputMatch"]["channel"];
export type OutputMatches = Schemas["OutputMatches"];
