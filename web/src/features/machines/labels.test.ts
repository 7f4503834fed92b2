import { describe, expect, it } from "vitest";
import { isLabel, isSelected, labelFault, splitLabels, withLabels } from "./labels";

describe("labels", () => {
  it("are what the server takes, and nothing else", () => {
    for (const good of ["gpu", "env=prod", "a/b.c_d-e=X.y_z-1", "0"]) expect(isLabel(good), good).toBe(true);
    const bad = ["", "=", "env=", "Env", "a b", "env=a=b", "é", "-a", "a%", "a=%", "env=\u001b[2J", "a".repeat(64)];
    for (const one of bad) expect(isLabel(one), one).toBe(false);
  });

  it("are told apart by commas of both languages and by blanks, each once", () => {
    expect(splitLabels(" env=prod, gpu،edge\tgpu ")).toEqual(["env=prod", "gpu", "edge"]);
    expect(splitLabels(" , ")).toEqual([]);
  });

  it("that contradict each other are refused", () => {
    expect(labelFault(["env=prod", "env=test"])).toEqual({ kind: "twice", label: "env=test" });
    expect(labelFault(["env", "env=test"])).toEqual({ kind: "twice", label: "env=test" });
    expect(labelFault(["gpu", "GPU"])).toEqual({ kind: "unfit", label: "GPU" });
    expect(labelFault(Array.from({ length: 33 }, (_, n) => `l${n}`))).toEqual({ kind: "too_many" });
    expect(labelFault(["env=prod", "gpu"])).toBeNull();
  });

  it("take the place of an older value when they are added", () => {
    expect(withLabels(["env=test", "gpu"], ["env=prod"], [])).toEqual(["env=prod", "gpu"]);
    expect(withLabels(["env=test", "gpu"], [], ["gpu"])).toEqual(["env=test"]);
    expect(withLabels(["gpu"], ["gpu"], [])).toEqual(["gpu"]);
  });

  it("are asked for all together", () => {
    expect(isSelected(["env=prod", "gpu"], ["env", "gpu"])).toBe(true);
    expect(isSelected(["env=prod"], ["env=prod", "gpu"])).toBe(false);
    expect(isSelected(["environment=prod"], ["env"])).toBe(false);
    expect(isSelected([], [])).toBe(true);
  });
});
