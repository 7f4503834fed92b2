// A recording is fetched when somebody wants to see it.
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/button";
import { Skeleton } from "@/ui/states";
import type { TerminalCommand } from "./access";

const Replaying = lazy(() => import("./replaying"));

export function Watch({ terminal }: { terminal: TerminalCommand }) {
  const { t } = useTranslation();
  const [isShown, setIsShown] = useState(false);
  if (!isShown) {
    return (
      <div>
        <Button icon="play" onClick={() => setIsShown(true)}>
          {t("terminals.replay.action")}
        </Button>
      </div>
    );
  }
  return (
    <Suspense fallback={<Skeleton className="h-80 rounded-md" />}>
      <Replaying terminal={terminal} />
    </Suspense>
  );
}
