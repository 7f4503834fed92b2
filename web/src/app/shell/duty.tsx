// What somebody must see to before the rest of the dashboard opens for them.
import { Link, useLocation } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { buttonLook } from "@/ui/button";
import { Notice } from "@/ui/notice";
import { useMe } from "../me";

/** Shows the page, or what stands before it. The profile is open: the duty is seen to there. */
export function Duty({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const me = useMe();
  const { pathname } = useLocation();
  const duty = me.second_factor_needed ? "second_factor_needed" : me.longer_password_needed && "longer_password_needed";
  if (!duty) return children;
  const isOpen = pathname.startsWith("/profile");
  return (
    <>
      <div className="px-4 pt-4 sm:px-8">
        <Notice tone="warn" title={t(`duty.${duty}.title`)}>
          <p>{t(`duty.${duty}.text`)}</p>
          {pathname !== "/profile/security" && (
            <Link to="/profile/security" className={`mt-3 ${buttonLook("primary", "sm")}`}>
              {t(`duty.${duty}.action`)}
            </Link>
          )}
        </Notice>
      </div>
      {isOpen && children}
    </>
  );
}
