#include "app/run/progress_text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edgefuse::app {
namespace {

std::string duration(double seconds) {
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  if (seconds < 100 * 60) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

std::string progress_text(const TrainingMoment& moment, const clients::TrainingProgress& progress) {
  const double elapsed = std::max(moment.elapsed.value, 1e-9);
  const auto left = static_cast<double>(progress.clients - progress.trained) + static_cast<double>(moment.later);
  const double each = elapsed / static_cast<double>(std::max<std::size_t>(progress.trained, 1));
  return fmt::format("round {} of {}: {} of {} adapters trained, {:.0f} tokens/s, {} of training left", moment.round,
                     moment.rounds, progress.trained, progress.clients, static_cast<double>(progress.tokens) / elapsed,
                     duration(left * each));
}

}  // namespace edgefuse::app
