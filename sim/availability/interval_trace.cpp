#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "sim/availability/device_traces.hpp"
#include "sim/availability/ticks.hpp"
#include "sim/csv.hpp"
#include "sim/input_file.hpp"
#include "sim/mistakes.hpp"

namespace edgefuse::sim {
namespace {

constexpr double latest = static_cast<double>(longest_cycle) * 1e-9;  // seconds

struct Device {
  std::vector<Stay> stays;
  int line = 0;  // of the last
};

/// Reads rows one after the other and gathers what is wrong with them.
class Reader {
 public:
  explicit Reader(std::string file) : file_{std::move(file)} {}

  void add(const CsvRow& row) {
    if (row.fields.size() != 3)
      return complain(row.line, "", fmt::format("{} fields instead of 3", row.fields.size()), "give device,from,to");
    if (row.fields[0].empty()) complain(row.line, "device", "is empty", "name the device");
    const auto from = instant(row, 1, "from");
    const auto to = instant(row, 2, "to");
    if (!from || !to || row.fields[0].empty()) return;
    if (*from >= *to)
      return complain(row.line, "to", "the interval ends no later than it begins", "give a later second");

    auto& device = device_of(row.fields[0]);
    if (!device.stays.empty() && *from < device.stays.back().to)
      complain(row.line, "from", fmt::format("the interval begins before that of line {} ends", device.line),
               "give the intervals of a device in order of time, none overlapping another");
    device.stays.push_back({*from, *to});
    device.line = row.line;
  }

  [[nodiscard]] std::vector<Device> finish() {
    mistakes_.finish();
    return std::move(devices_);
  }

 private:
  void complain(int line, std::string key, std::string problem, std::string remedy) {
    mistakes_.add({file_, line, std::move(key), std::move(problem), std::move(remedy)});
  }

  std::optional<std::int64_t> instant(const CsvRow& row, std::size_t field, const char* key) {
    const auto& text = row.fields[field];
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const char* const remedy = "give seconds since the trace began, such as 3600 or 12.5";
    if (error == std::errc::invalid_argument || end != text.data() + text.size())
      return complain(row.line, key, fmt::format("\"{}\" is not a number", text), remedy), std::nullopt;
    if (error != std::errc{} || !std::isfinite(seconds))
      return complain(row.line, key, fmt::format("\"{}\" is not finite", text), remedy), std::nullopt;
    if (seconds < 0) return complain(row.line, key, fmt::format("{} is negative", text), remedy), std::nullopt;
    if (seconds > latest)
      return complain(row.line, key, fmt::format("{} passes a million hours", text), remedy), std::nullopt;
    return ticks(Seconds{seconds});
  }

  Device& device_of(const std::string& name) {
    const auto [known, is_new] = numbers_.try_emplace(name, devices_.size());
    if (is_new) devices_.emplace_back();
    return devices_[known->second];
  }

  std::string file_;
  Mistakes mistakes_;
  std::map<std::string, std::size_t> numbers_;  // of devices, in the order in which the file names them first
  std::vector<Device> devices_;
};

/// What of the stays is earlier than `end`.
std::vector<Stay> cut(std::vector<Stay> stays, std::int64_t end) {
  std::erase_if(stays, [&](const Stay& stay) { return stay.from >= end; });
  if (!stays.empty()) stays.back().to = std::min(stays.back().to, end);
  return stays;
}

}  // namespace

DeviceTraces read_interval_trace(const std::filesystem::path& file, Seconds length) {
  const auto rows = parse_csv(read_text_file(file), file);
  if (rows.empty() || rows[0].fields != std::vector<std::string>{"device", "from", "to"})
    throw InputError{{.file = file.string(),
                      .line = rows.empty() ? 1 : rows[0].line,
                      .problem = "the first row is not device,from,to",
                      .remedy = "begin with this header, then give an interval in seconds in each row"}};
  Reader reader{file.string()};
  for (const auto& row : rows)
    if (&row != &rows.front()) reader.add(row);

  auto devices = reader.finish();
  std::int64_t period = ticks(length);
  if (period == 0)
    for (const auto& device : devices)
      period = std::max(period, device.stays.back().to);
  DeviceTraces traces;
  for (auto& device : devices)
    traces.devices.emplace_back(period, cut(std::move(device.stays), period));
  refuse_deserted(traces, file);
  return traces;
}

}  // namespace edgefuse::sim
