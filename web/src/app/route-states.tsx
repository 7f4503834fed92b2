// What a route shows while its code or data comes, when it broke, and when the address leads nowhere.
import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { toProblem } from "@/api/problem";
import { buttonLook } from "@/ui/button";
import { useTitle } from "@/ui/page";
import { ErrorState } from "@/ui/problem";
import { Skeleton, SkeletonRows } from "@/ui/states";

export function PageSkeleton() {
  return (
    <div className="mx-auto w-full max-w-6xl px-4 pt-9 sm:px-8">
      <Skeleton className="h-7 w-48" />
      <Skeleton className="mt-3 h-4 w-72" />
      <div className="mt-8 overflow-hidden rounded-lg border border-line bg-surface">
        <SkeletonRows />
      </div>
    </div>
  );
}

export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    // After an update the old code files are gone; only a fresh page can fetch the new ones.
    if (/dynamically imported module|module script/i.test(String(error))) location.reload();
    reset();
    void router.invalidate();
  };
  return (
    <main className="grid min-h-[70dvh] place-items-center">
      <ErrorState error={toProblem(error)} retry={retry} />
    </main>
  );
}

/** Outside of every frame. */
export function NotFound() {
  return (
    <main>
      <NothingHere />
    </main>
  );
}

/** Inside the dashboard, so whoever is signed in keeps their way around. */
export function NothingHere() {
  const { t } = useTranslation();
  useTitle(t("state.not_found.title"));
  return (
    <div className="mx-auto grid min-h-[70dvh] max-w-md place-content-center justify-items-center gap-2 px-4 text-center">
      <p aria-hidden="true" className="font-mono text-2xl text-faint">
        404
      </p>
      <h1 className="text-xl font-semibold">{t("state.not_found.title")}</h1>
      <p className="text-muted">{t("state.not_found.text")}</p>
      <Link to="/" className={`${buttonLook("primary")} mt-3`}>
        {t("state.not_found.home")}
      </Link>
    </div>
  );
}
