// Says that the screen may be behind, but only when a break lasts long enough to matter.
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LiveState } from "@/live/client";
import { Spinner } from "@/ui/button";

const PATIENCE_MS = 3000;

export function LiveBadge({ state }: { state: LiveState }) {
  const { t } = useTranslation();
  const broken = state === "waiting" || state === "connecting";
  const [late, setLate] = useState(false);

  useEffect(() => {
    if (!broken) return undefined;
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [broken]);

  return (
    <div role="status" className="pointer-events-none fixed bottom-4 start-4 z-40 lg:start-[16.5rem]">
      {broken && late && (
        <p className="appear flex items-center gap-2 rounded-full border border-line bg-surface px-3 py-1.5 text-sm text-muted shadow-pop">
          <Spinner />
          {t("shell.reconnecting")}
        </p>
      )}
    </div>
  );
}
