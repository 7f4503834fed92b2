// What is known about secrets, as a file: an object a line, as the command line writes it. Values are never in it.
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, unwrap } from "@/api/client";
import type { SecretsSearch } from "@/app/search";
import { IconButton } from "@/ui/button";
import { downloadText } from "@/ui/download";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";

/** The list as it is filtered, however long it is. */
export function ExportButton({ search: { search, kind, due } }: { search: SecretsSearch }) {
  const { t } = useTranslation();
  const problemText = useProblemText();
  const save = useMutation({
    mutationFn: async () => {
      const lines: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { search, kind, due, limit: 200, cursor };
        const page = await unwrap(api.GET("/secrets", { params: { query } }));
        lines.push(...page.items.map((secret) => `${JSON.stringify(secret)}\n`));
        cursor = page.next_cursor ?? undefined;
      } while (cursor);
      downloadText("secrets.jsonl", lines.join(""));
    },
    onSuccess: () => toast(t("vault.export.done")),
    onError: (error) => toast(problemText(error), "danger"),
  });
  return (
    <IconButton
      icon="download"
      label={t("vault.export.action")}
      disabled={save.isPending}
      onClick={() => save.mutate()}
    />
  );
}
