import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { Button } from "@/ui/button";
import { useProblemText } from "@/ui/problem";
import { toast } from "@/ui/toast";
import { reload } from "../calls";
import { useRefresh } from "../queries";

/** The file is watched; this is for those who want to be sure, and for disks on which that does not work. */
export function ReloadButton() {
  const { t } = useTranslation();
  const text = useProblemText();
  const refresh = useRefresh();
  const work = useMutation({
    mutationFn: reload,
    onSuccess: ({ changes }) => toast(t("settings.reloaded", { count: changes.length })),
    onError: (error) => {
      // What is wrong with the file is told by the banner.
      const isRefused = toProblem(error).code === "settings_refused";
      toast(isRefused ? t("settings.refused") : text(error), "danger");
    },
    onSettled: refresh,
  });
  return (
    <Button icon="refresh" busy={work.isPending} onClick={() => work.mutate()}>
      {t("settings.reload")}
    </Button>
  );
}
