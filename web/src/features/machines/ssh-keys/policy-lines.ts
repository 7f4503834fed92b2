/** The lines of a policy that let keys of the vault in for this user. */
export function policyLines(user: string): string {
  return `[programs.ssh]
path = ["/usr/bin/ssh", "/bin/ssh"]

[[rules]]
name = "SSH keys of ${user}"
operations = ["ssh_key.install", "ssh_key.prove", "ssh_key.remove"]
users = ["${user}"]
class = "writes"
decision = "allow"`;
}
