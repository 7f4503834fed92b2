//! The way back to an older version, and what differs between two.

use diwan_kernel::config::Layers;
use diwan_kernel::{Ctx, Problem};

use crate::accept::{Acceptable, Accepted, save};
use crate::compare::{Change, compare};
use crate::settings::Settings;
use crate::table;
use crate::version::Cause;
use crate::watch::refused_problem;

impl Settings {
    /// What the file said in this version.
    ///
    /// # Errors
    /// 404 when there is none; when its text does not open.
    async fn text_of(&self, number: i64) -> Result<String, Problem> {
        let version =
            table::find(self.db(), self.server(), number).await?.ok_or_else(|| Problem::not_found("version"))?;
        version.open(self.sealer()).map_err(Problem::internal)
    }

    /// What the files of two versions say differently.
    ///
    /// # Errors
    /// 404 when there is no such version.
    pub(crate) async fn diff(&self, from: i64, to: i64) -> Result<Vec<Change>, Problem> {
        let (before, after) = (self.text_of(from).await?, self.text_of(to).await?);
        Ok(compare(self.sections(), &layers_of(&before), &layers_of(&after)))
    }

    /// Goes back to an older version, which is judged like any other change.
    ///
    /// # Errors
    /// 404, 422 when it is not acceptable any more, 409 when the file cannot be written.
    pub(crate) async fn roll_back(&self, ctx: &Ctx, number: i64, comment: String) -> Result<Accepted, Problem> {
        let _changing = self.change().await;
        let text = self.text_of(number).await?;
        self.require_file_as_known()?;
        if text == self.now().layers.text().unwrap_or_default() {
            return Ok(Accepted::unchanged(self));
        }
        let layers = self.judge(&text).map_err(|refused| refused_problem(&refused.0))?;
        if self.parts().house.shuts_out(&layers, ctx.address()) {
            return Err(refused_problem(&[crate::edit::shut_out(ctx)]));
        }
        let faults = self.not_referable(ctx, &layers).await;
        if !faults.is_empty() {
            return Err(refused_problem(&faults));
        }
        let new = Acceptable { layers, cause: Cause::Rollback, comment, rolled_back_to: Some(number) };
        save(self, ctx, new).await
    }
}

/// What a text says by itself. It was acceptable once; what is unknown by now is not compared.
fn layers_of(text: &str) -> Layers {
    let mut layers = Layers::default();
    if let Err(error) = layers.add_text("", text) {
        tracing::warn!(%error, "an older version of the settings cannot be read any more");
    }
    layers
}
