#include "app/run/notices.hpp"

#include <cstddef>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace edgefuse::app {
namespace {

constexpr std::size_t most_named = 8;

/// Clients that share a fate.
class Named {
 public:
  void add(std::uint32_t client) {
    if (++count_ <= most_named) named_.push_back(client);
  }
  [[nodiscard]] bool any() const { return count_ > 0; }
  /// "client 7", "2 clients (3, 7)", "40 clients (0, 1, 2, 3, 4, 5, 6, 7 and others)".
  [[nodiscard]] std::string text() const {
    if (count_ == 1) return fmt::format("client {}", named_.front());
    return fmt::format("{} clients ({}{})", count_, fmt::join(named_, ", "), count_ > most_named ? " and others" : "");
  }

 private:
  std::size_t count_ = 0;
  std::vector<std::uint32_t> named_;
};

}  // namespace

std::vector<std::string> notices_of(std::int64_t round, std::span<const TrainingRecord> records) {
  Named stopped;
  Named refused;
  Named anew;
  const TrainingRecord* first = nullptr;
  for (const auto& record : records) {
    if (record.stopped) {
      stopped.add(record.client);
      if (first == nullptr) first = &record;
    } else if (record.refused) {
      refused.add(record.client);
    }
    if (record.forgot_drift) anew.add(record.client);
  }
  std::vector<std::string> notices;
  if (stopped.any()) {
    notices.push_back(fmt::format("round {}: training of {} stopped, client {}'s at {}; left out ({})", round,
                                  stopped.text(), first->client, llm::to_text(*first->stopped),
                                  first->stopped->at_once()
                                      ? "no step was taken: look at adapter.alpha, and at what the rounds before "
                                        "made of the base"
                                      : "a smaller training.learning_rate or weight_decay, or a "
                                        "training.clip_norm may help"));
  }
  if (refused.any())
    notices.push_back(
        fmt::format("round {}: what {} sent is refused: its numbers are not finite", round, refused.text()));
  if (anew.any())
    notices.push_back(fmt::format("round {}: the control variate of {} begins anew: it is of another variant or rank",
                                  round, anew.text()));
  return notices;
}

}  // namespace edgefuse::app
