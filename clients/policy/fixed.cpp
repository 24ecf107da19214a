#include "clients/policy/fixed.hpp"

#include <memory>
#include <vector>

#include "clients/policy/fit.hpp"
#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

class Fixed final : public RatioPolicy {
 public:
  explicit Fixed(double ratio) : ratio_{ratio} {}

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client) const override {
    std::vector<Prospect> at_ratio;  // the others are no choice
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < prospects.size(); ++i) {
      if (prospects[i].ratio != ratio_) continue;
      at_ratio.push_back(prospects[i]);
      places.push_back(i);
    }
    EDGEFUSE_EXPECTS(!places.empty(), "a scenario that was read offers the ratio that is fixed");
    auto choice = Fit{}.choose(at_ratio, client);
    choice.refused = places[choice.refused];
    if (!choice.prospect) return choice;
    choice.prospect = places[*choice.prospect];
    if (choice.binding == "none") {
      const auto largest = Fit{}.choose(prospects, client);
      choice.binding = largest.prospect == choice.prospect ? largest.binding : "fixed";
    }
    return choice;
  }

 private:
  double ratio_;
};

}  // namespace

Method<RatioPolicy> fixed() {
  return {.name = "fixed",
          .summary = "one ratio for everybody, and the largest rank at it that fits the client's memory",
          .parameters = {{.name = "ratio", .standard = 0.0, .meaning = "one of pruning.ratios", .least = 0, .most = 1}},
          .make = [](const Parameters& p) -> std::unique_ptr<RatioPolicy> {
            return std::make_unique<Fixed>(number(p, "ratio"));
          }};
}

}  // namespace edgefuse::clients
