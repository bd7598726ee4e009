//! `formic swarm show`: a run as it stands, or one node of it in full.

use actors::archive::{self, DataFolder, SessionInfo};
use actors::plans::forecast;
use actors::{Source, SystemSource};
use protocol::{Event, Record, Seq, SessionEvent, SessionId};
use serde_json::json;
use views::{Phase, Swarm, View};

use super::begun::Begun;
use super::choose::{self, Reach};
use super::inbox::Letter;
use super::list::is_open;
use super::preview::Preview;
use super::report::{Moment, Report};
use super::screen::Paper;
use super::{control, node, words};
use crate::args::swarm::ShowArgs;
use crate::failure::Failure;
use crate::output;
use crate::resolve::environment::Environment;
use crate::resolve::swarm::{SwarmRun, Tariff};

/// Prints a run as it stands, or one node of it.
///
/// # Errors
/// When there is no such run or node, or it cannot be read.
pub async fn show(data: &DataFolder, args: &ShowArgs) -> Result<(), Failure> {
    let (run, node) = choose::run_or_node(data, &args.named, Reach::Beyond)?;
    if let (Some(here), Some(there)) = (&run.far_from, &run.info.facts.cwd) {
        let (here, there) = (here.display(), there.display());
        output::note(&format!(
            "there is no run of {here}: this is the newest of all, of {there}"
        ));
    }
    let report = archive::read(data, run.info.id, Seq(1))?;
    let moment = match run.info.locked_by {
        Some(_) => Moment::UnderWay(SystemSource::new().now()),
        None => Moment::AtRest,
    };
    let (id, json) = (run.info.id, args.named.json);
    match node {
        Some(node) => node::show(&report.records, (id, &node), (moment, json)),
        None => {
            let tariff = tariff(&report.records).await;
            let asked = asked(data, &run.info)?;
            whole(&report.records, (id, &asked), tariff, (moment, json))
        }
    }
}

/// What the models of the run cost, as far as that is known here.
async fn tariff(records: &[Record]) -> Tariff {
    let first = records.first().map(|record| &record.event);
    let Some(Event::Session(SessionEvent::Opened(opening))) = first else {
        return Tariff::default();
    };
    let tariff = SwarmRun::tariff_of(&opening.cwd, &opening.model).await;
    tariff.unwrap_or_default()
}

/// What somebody wants of the run that it has not taken up yet, each in short.
struct Asked {
    wants: Vec<String>,
    has_process: bool,
    is_open: bool,
}

fn asked(data: &DataFolder, info: &SessionInfo) -> Result<Asked, Failure> {
    let letters = control::inbox(data, info.id).letters()?;
    let said = |letter: &Letter| match &letter.want {
        Ok(want) => want.said(),
        Err(why) => format!("what nobody can read: {why}"),
    };
    Ok(Asked {
        wants: letters.iter().map(said).collect(),
        has_process: info.locked_by.is_some(),
        is_open: is_open(info),
    })
}

impl Asked {
    /// For people; `None` if there is nothing.
    fn text(&self, run: SessionId) -> Option<String> {
        let wants = self.wants.join("; ");
        let run = run.digits();
        let how = match (self.has_process, self.is_open) {
            _ if self.wants.is_empty() => return None,
            (true, _) => ", and not yet taken up".to_owned(),
            (false, true) => format!(", to be carried out by formic swarm resume {run}"),
            (false, false) => {
                format!(", though it is over; formic swarm resume {run} does it or says why not")
            }
        };
        Some(format!("asked of it{how}: {wants}"))
    }
}

fn whole(
    records: &[Record],
    (id, asked): (SessionId, &Asked),
    mut tariff: Tariff,
    (moment, json): (Moment, bool),
) -> Result<(), Failure> {
    let swarm = Swarm::fold(records);
    let mut begun = Begun::default();
    records.iter().for_each(|record| begun.remember(record));
    begun.teach(&swarm, &mut tariff);
    let plan = swarm.plan();
    let expected = forecast(&plan, swarm.lanes(), &tariff.prices);
    let said = Report::new(&swarm, id, (Some(expected), moment));
    if json {
        let mut object = said.json();
        object["asked"] = json!(asked.wants);
        return output::json(&object);
    }
    let environment = Environment::read();
    let paper = Paper::find(&environment);
    let preview = Preview::new(plan, Vec::new(), swarm.remarks.clone(), &tariff);
    let text = match swarm.phase {
        Phase::Proposed => {
            let (run, plan) = (id.digits(), preview.text(paper));
            format!(
                "run {run}: its plan waits for approval\n\n{plan}\n\napprove it with: formic swarm resume {run} --yes\nturn it down with: formic swarm cancel {run}\nedit it on a terminal with: formic swarm resume {run}"
            )
        }
        _ => text(&swarm, &preview, &said, paper),
    };
    let asked = asked.text(id).map(|asked| format!("\n\n{asked}"));
    output::line(&format!("{text}{}", asked.unwrap_or_default()))
}

/// The drawing, the batches, the report.
fn text(swarm: &Swarm, preview: &Preview, report: &Report, paper: Paper) -> String {
    let mut parts = Vec::new();
    parts.extend(preview.drawing(paper));
    if !swarm.batches.is_empty() {
        let lines = swarm.batches.iter().map(|batch| batch_line(swarm, batch));
        parts.push(lines.collect::<Vec<String>>().join("\n"));
    }
    parts.push(report.text(paper));
    parts.join("\n\n")
}

fn batch_line(swarm: &Swarm, batch: &views::Batch) -> String {
    let names: Vec<&str> = batch
        .nodes
        .iter()
        .filter_map(|id| Some(swarm.node(*id)?.name()))
        .collect();
    let end = match (&batch.landed, batch.is_red(), batch.conflicts.is_empty()) {
        (Some(to), ..) => format!("landed at {}", super::report::short(&to.to_string())),
        (None, true, _) => "red".to_owned(),
        (None, false, false) => "in conflict".to_owned(),
        (None, false, true) => "not landed".to_owned(),
    };
    format!("batch {}: {} ({end})", batch.number, words::list(&names, 8))
}
