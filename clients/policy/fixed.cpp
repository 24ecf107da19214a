#include "clients/policy/fixed.hpp"

#include <algorithm>
#include <memory>

#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

class Fixed final : public RatioPolicy {
 public:
  explicit Fixed(double ratio) : ratio_{ratio} {}

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, Bytes memory) const override {
    const auto found = std::ranges::find(prospects, ratio_, &Prospect::ratio);
    EDGEFUSE_EXPECTS(found != prospects.end(), "a scenario that was read offers the ratio that is fixed");
    if (found->peak_memory > memory) return {.prospect = {}, .binding = "memory"};
    return {.prospect = static_cast<std::size_t>(found - prospects.begin()), .binding = "fixed"};
  }

 private:
  double ratio_;
};

}  // namespace

Method<RatioPolicy> fixed() {
  return {.name = "fixed",
          .summary = "one ratio for everybody",
          .parameters = {{.name = "ratio", .standard = 0.0, .meaning = "one of pruning.ratios", .least = 0, .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Fixed>(number(p, "ratio"));
          }};
}

}  // namespace edgefuse::clients
