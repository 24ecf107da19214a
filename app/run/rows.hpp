#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "app/run/assembly.hpp"
#include "app/run/learner.hpp"
#include "app/run/timeline.hpp"
#include "results/records.hpp"
#include "sim/event.hpp"

namespace edgefuse::app {

/// The header of the run's file: names, scenario, and what the codes of events stand for.
[[nodiscard]] results::RunHeader run_header(const scenarios::Scenario& scenario);
[[nodiscard]] std::vector<results::ClientRow> client_rows(const Assembly& assembly, std::uint32_t first,
                                                          std::uint32_t count);
/// By client, then invitation. `records` are empty under the timing fidelity: losses are then NaN, and everybody who
/// returned is counted as fused.
[[nodiscard]] std::vector<results::PlanRow> plan_rows(const Assembly& assembly, const RoundTimeline& round,
                                                      std::span<const TrainingRecord> records);
/// The version rises by one when an update was fused, else it stays.
[[nodiscard]] results::RoundRow round_row(const Assembly& assembly, const RoundTimeline& round,
                                          std::span<const results::PlanRow> plans);
/// `actor` as results number it.
[[nodiscard]] results::EventRow event_row(const sim::Event& event, std::int64_t actor);

}  // namespace edgefuse::app
