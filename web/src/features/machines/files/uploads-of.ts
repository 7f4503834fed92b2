// The uploads of a person to each machine. They go on while another page of the dashboard is shown.
import { queryClient } from "@/app/query-client";
import { contentUrl, sendFile } from "./access";
import { Uploads } from "./uploads";

const all = new Map<string, Uploads>();

export function uploadsOf(person: string, machine: string): Uploads {
  const key = `${person} ${machine}`;
  const known = all.get(key);
  if (known) return known;
  const fresh = new Uploads(
    (to, file, overwrite, tell) => sendFile(contentUrl(machine, to, overwrite), file, tell),
    ({ root }) => void queryClient.invalidateQueries({ queryKey: ["machine-files", machine, root] }),
  );
  all.set(key, fresh);
  return fresh;
}
