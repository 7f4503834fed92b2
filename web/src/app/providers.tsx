import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { Direction } from "radix-ui";
import { useTranslation } from "react-i18next";
import { directionOf } from "@/i18n";
import { Toasts } from "@/ui/toast";
import { queryClient } from "./query-client";
import { router } from "./router";
import { StepUpHost } from "./step-up-host";

export function Providers() {
  const { i18n } = useTranslation();
  return (
    <Direction.Provider dir={directionOf(i18n.language)}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} context={{ queries: queryClient }} />
        <StepUpHost />
        <Toasts />
      </QueryClientProvider>
    </Direction.Provider>
  );
}
