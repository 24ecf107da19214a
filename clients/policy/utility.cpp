#include "clients/policy/utility.hpp"

#include <memory>

#include "clients/policy/fit.hpp"
#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

double per_second(const Prospect& prospect) {
  EDGEFUSE_EXPECTS(prospect.quality.has_value(), "who goes by quality is told it");
  return *prospect.quality / prospect.time.value;
}

class Utility final : public RatioPolicy {
 public:
  [[nodiscard]] bool needs_quality() const override { return true; }

  [[nodiscard]] Choice choose(std::span<const Prospect> prospects, const Chooser& client) const override {
    auto largest = Fit{}.choose(prospects, client);
    if (!largest.prospect) return largest;
    std::size_t best = *largest.prospect;
    for (std::size_t i = 0; i < prospects.size(); ++i)
      if (prospects[i].peak_memory <= client.memory && is_better(prospects[i], prospects[best])) best = i;
    if (best == *largest.prospect) return largest;
    return {.prospect = best, .binding = "utility"};
  }

 private:
  [[nodiscard]] static bool is_better(const Prospect& a, const Prospect& b) {
    const double gain = per_second(a) - per_second(b);
    return gain > 0 || (gain == 0 && size_of(a) > size_of(b));
  }
};

}  // namespace

Method<RatioPolicy> utility() {
  return {.name = "utility",
          .summary = "of what fits its memory, the most quality (the base's perplexity over the variant's) per second",
          .parameters = {},
          .make = [](const Parameters&) -> std::unique_ptr<RatioPolicy> { return std::make_unique<Utility>(); }};
}

}  // namespace edgefuse::clients
