import { formatJobName } from "../core/job.ts";
import type { Jobs } from "../services/jobs.ts";
import type { JobRunner } from "./job-runner.ts";

export function openJobs(namespace: DurableObjectNamespace<JobRunner>): Jobs {
  return {
    async wake(kind, uid) {
      const name = formatJobName({ kind, uid });
      try {
        await namespace.getByName(name).wake();
      } catch (error) {
        console.warn(JSON.stringify({ message: "a job was not woken", job: name, error: String(error) }));
      }
    },
  };
}
