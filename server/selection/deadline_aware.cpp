#include "server/selection/deadline_aware.hpp"

#include <memory>

#include "server/selection/eligible.hpp"
#include "server/selection/uniform_sample.hpp"

namespace edgefuse::server {
namespace {

class DeadlineAware final : public Selection {
 public:
  DeadlineAware(Seconds deadline, std::uint64_t draws) : deadline_{deadline}, draws_{draws} {}

  [[nodiscard]] std::vector<std::uint32_t> select(const SelectionRequest& request) const override {
    auto draws = selection_draws(request);
    auto asked = draws_ == 0 ? eligible_clients(request) : uniform_sample(request, draws_ * request.count, draws);
    std::erase_if(asked, [&](std::uint32_t client) { return request.predicted(client) > deadline_; });
    return uniform_subset(asked, request.count, draws);
  }

 private:
  Seconds deadline_;
  std::uint64_t draws_;
};

}  // namespace

Method<Selection> deadline_aware_selection() {
  return {.name = "deadline-aware",
          .summary = "uniformly among those that would be done by a deadline (after FedCS, 1804.08333)",
          .parameters = {{.name = "deadline",
                          .standard = 180.0,
                          .meaning = "seconds from invitation to arrival, by the client's own plan; FedCS took 180",
                          .least = 1e-3},
                         {.name = "draws",
                          .standard = 0.0,
                          .meaning = "clients asked for their time, drawn uniformly, for each one wanted; 0 asks all",
                          .least = 0,
                          .most = 1e6,
                          .whole = true}},
          .make = [](const Parameters& p) -> std::unique_ptr<Selection> {
            return std::make_unique<DeadlineAware>(Seconds{number(p, "deadline")},
                                                   static_cast<std::uint64_t>(number(p, "draws")));
          }};
}

}  // namespace edgefuse::server
