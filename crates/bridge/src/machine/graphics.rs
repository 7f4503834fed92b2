//! NVIDIA's graphics processors, where their driver is installed: it brings the library that is asked.

use std::ffi::OsStr;
use std::sync::OnceLock;

use diwan_protocol::facts::Graphics;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::{Device, Nvml};

use super::facts::readable;

/// As the driver installs it: the name without a number comes with development files only.
const LIBRARY: &str = "libnvidia-ml.so.1";
/// More of them are in no machine.
const MOST: u32 = 64;

/// What they are called.
pub(super) fn names() -> Vec<String> {
    devices().map(|device| name(&device)).collect()
}

/// How they are doing. What one of them cannot say is nothing.
pub(super) fn now() -> Vec<Graphics> {
    let of = |device: Device<'_>| {
        let memory = device.memory_info().ok();
        Graphics {
            name: name(&device),
            processor: device.utilization_rates().map_or(0, |used| used.gpu.min(100) * 100),
            memory_used_bytes: memory.as_ref().map_or(0, |memory| memory.used),
            memory_bytes: memory.as_ref().map_or(0, |memory| memory.total),
            temperature: device.temperature(TemperatureSensor::Gpu).ok(),
        }
    };
    devices().map(of).collect()
}

fn devices() -> impl Iterator<Item = Device<'static>> {
    static ASKED: OnceLock<Option<Nvml>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| Nvml::builder().lib_path(OsStr::new(LIBRARY)).init().ok()).as_ref();
    let count = asked.and_then(|nvml| nvml.device_count().ok()).unwrap_or(0).min(MOST);
    // One that fell off its bus does not hide the others.
    (0..count).filter_map(move |at| asked?.device_by_index(at).ok())
}

fn name(device: &Device<'_>) -> String {
    device.name().map_or_else(|_| "NVIDIA".to_owned(), |name| readable(&name))
}
