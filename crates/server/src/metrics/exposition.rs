//! The counters as text, in the format that Prometheus reads.

use std::fmt::Write;
use std::time::Duration;

use super::{BUCKETS_US, Metrics, process};

/// All series. `uptime`: how long the process has been up.
pub(crate) fn expose(
    metrics: &Metrics,
    version: &str,
    uptime: Duration,
    disk: &dyn diwan_kernel::world::Disk,
) -> String {
    let mut text = Text(String::with_capacity(64 * 1024));
    text.series("diwan_build_info", "gauge", "Which version runs.");
    text.line("diwan_build_info", &format!("version=\"{version}\""), 1);
    text.single("diwan_uptime_seconds", "gauge", "How long the server has been up.", uptime.as_secs());
    requests(&mut text, metrics);
    durations(&mut text, metrics);
    single_numbers(&mut text, metrics);
    if let Some(facts) = process::facts(disk) {
        text.single("process_resident_memory_bytes", "gauge", "Resident memory.", facts.resident_bytes);
        text.single("process_open_fds", "gauge", "Open file descriptors.", facts.open_files);
        text.series("process_cpu_seconds_total", "counter", "CPU time spent.");
        let _ = writeln!(text.0, "process_cpu_seconds_total {:.2}", facts.cpu_seconds);
        text.single("process_start_time_seconds", "gauge", "When the process began.", facts.started_at_s);
    }
    text.0
}

struct Text(String);

impl Text {
    fn series(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &str, value: u64) {
        let _ = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn single(&mut self, name: &str, kind: &str, about: &str, value: impl std::fmt::Display) {
        self.series(name, kind, about);
        let _ = writeln!(self.0, "{name} {value}");
    }
}

fn requests(text: &mut Text, metrics: &Metrics) {
    let name = "diwan_http_requests_total";
    text.series(name, "counter", "Requests by operation and class of status.");
    for (operation, counts) in metrics.names.iter().zip(&metrics.operations) {
        for (class, count) in counts.by_class.iter().enumerate().filter(|(_, c)| c.get() > 0) {
            text.line(name, &format!("operation=\"{operation}\",status=\"{}xx\"", class + 1), count.get());
        }
    }
}

/// Only operations that were asked for: a series for each of hundreds of buckets is a lot to read.
fn durations(text: &mut Text, metrics: &Metrics) {
    let name = "diwan_http_request_duration_seconds";
    text.series(name, "histogram", "How long it took until the answer began.");
    for (operation, counts) in metrics.names.iter().zip(&metrics.operations) {
        let total: u64 = counts.durations.iter().map(super::Counter::get).sum();
        if total == 0 {
            continue;
        }
        let mut sum = 0;
        for (end, count) in BUCKETS_US.iter().zip(&counts.durations) {
            sum += count.get();
            let end = Duration::from_micros(*end).as_secs_f64();
            text.line(&format!("{name}_bucket"), &format!("operation=\"{operation}\",le=\"{end}\""), sum);
        }
        text.line(&format!("{name}_bucket"), &format!("operation=\"{operation}\",le=\"+Inf\""), total);
        let seconds = Duration::from_micros(counts.duration_us.get()).as_secs_f64();
        let _ = writeln!(text.0, "{name}_sum{{operation=\"{operation}\"}} {seconds}");
        text.line(&format!("{name}_count"), &format!("operation=\"{operation}\""), total);
    }
}

fn single_numbers(text: &mut Text, metrics: &Metrics) {
    for (name, about, gauge) in [
        ("diwan_http_requests_in_flight", "Requests that are being answered.", &metrics.in_flight),
        ("diwan_connections", "Open connections.", &metrics.connections),
        ("diwan_live_connections", "Open live connections (WebSocket).", &metrics.live),
    ] {
        text.single(name, "gauge", about, gauge.get());
    }
    for (name, about, counter) in [
        ("diwan_connections_accepted_total", "Connections that were accepted.", &metrics.accepted),
        ("diwan_connections_turned_away_total", "Connections over the limits.", &metrics.turned_away),
        ("diwan_connections_too_slow_total", "Connections closed because the client was too slow.", &metrics.too_slow),
        ("diwan_tls_handshakes_failed_total", "TLS handshakes that failed.", &metrics.handshakes_failed),
        ("diwan_http_rate_limited_total", "Requests over a rate limit.", &metrics.rate_limited),
        ("diwan_http_panics_total", "Panics that were caught.", &metrics.panics),
    ] {
        text.single(name, "counter", about, counter.get());
    }
}

#[cfg(test)]
mod tests {
    use super::super::Target;
    use super::*;
    use axum::http::StatusCode;
    use diwan_kernel::world::RealDisk;
    use std::sync::Arc;

    #[test]
    fn counts_come_out_in_cumulative_buckets() {
        let metrics = Metrics::new(&[], Arc::default());
        metrics.answered(Target::Dashboard, StatusCode::OK, Duration::from_micros(300));
        metrics.answered(Target::Dashboard, StatusCode::NOT_FOUND, Duration::from_secs(60));
        let text = expose(&metrics, "0.0.0", Duration::from_secs(7), &RealDisk);
        for line in [
            "diwan_http_requests_total{operation=\"dashboard\",status=\"2xx\"} 1",
            "diwan_http_requests_total{operation=\"dashboard\",status=\"4xx\"} 1",
            "diwan_http_request_duration_seconds_bucket{operation=\"dashboard\",le=\"0.00025\"} 0",
            "diwan_http_request_duration_seconds_bucket{operation=\"dashboard\",le=\"0.0005\"} 1",
            "diwan_http_request_duration_seconds_bucket{operation=\"dashboard\",le=\"5\"} 1",
            "diwan_http_request_duration_seconds_bucket{operation=\"dashboard\",le=\"+Inf\"} 2",
            "diwan_http_request_duration_seconds_count{operation=\"dashboard\"} 2",
            "diwan_uptime_seconds 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(!text.contains("operation=\"none\""), "what was never asked for has no series");
    }
}
