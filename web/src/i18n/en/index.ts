import actions from "./actions.json";
import audit from "./audit.json";
import common from "./common.json";
import people from "./people.json";
import platform from "./platform.json";
import problems from "./problems.json";
import profile from "./profile.json";
import shell from "./shell.json";
import signIn from "./sign-in.json";

export default {
  ...common,
  ...shell,
  ...problems,
  ...signIn,
  ...profile,
  ...people,
  ...audit,
  ...platform,
  ...actions,
};
