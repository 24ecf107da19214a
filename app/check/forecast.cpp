#include "app/check/forecast.hpp"

#include <algorithm>
#include <numeric>

#include "app/check/server_traffic.hpp"

namespace edgefuse::app {
namespace {

constexpr std::uint32_t most_asked = 500;  // clients of a group whose day is looked at
constexpr int times_of_day = 48;
constexpr std::int64_t most_at_once = 10'000;  // of those that plan together
constexpr Seconds day{86'400};

template <class Q>
Spread<Q> spread(std::vector<Q> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {values.front(), values[values.size() / 2], values.back()};
}

/// What each client of a group plans.
struct Plans {
  std::vector<Seconds> time;
  std::vector<Seconds> compute;
  std::vector<Bytes> download;
  std::vector<Bytes> upload;
  std::vector<Joules> energy;

  void add(const llm::Plan& plan) {
    time.push_back(plan.predicted);
    compute.push_back(plan.compute);
    download.push_back(plan.download);
    upload.push_back(plan.upload);
    energy.push_back(plan.energy);
  }
};

std::optional<Seconds> deadline_of(const scenarios::Protocol& protocol) {
  if (protocol.kind != "deadline") return std::nullopt;
  const auto found = protocol.settings.find("window");
  return Seconds{found == protocol.settings.end() ? 600.0 : std::get<double>(found->second)};
}

double share_there(const Assembly& assembly, const std::vector<std::uint32_t>& members) {
  const auto asked = std::min<std::size_t>(members.size(), most_asked);
  std::int64_t there = 0;
  for (std::size_t i = 0; i < asked; ++i) {
    for (int t = 0; t < times_of_day; ++t) {
      const auto at = after(SimTime{}, (t + 0.5) / times_of_day * day);
      there += assembly.conditions.presence(assembly.fleet, members[i * members.size() / asked], at).there;
    }
  }
  return asked == 0 ? 0 : static_cast<double>(there) / static_cast<double>(asked * times_of_day);
}

/// One client more of a group.
void add(const Assembly& assembly, std::uint32_t client, const std::optional<llm::Plan>& plan,
         const std::optional<Seconds>& deadline, GroupForecast& group, Plans& plans) {
  if (!plan) {
    ++group.sat_out;
    const auto need = need_of(assembly, client);
    auto& neediest = group.needs.try_emplace(need.budget, need).first->second;
    neediest.least = std::max(neediest.least, need.least);
    return;
  }
  plans.add(*plan);
  ++group.trained[{plan->ratio, plan->rank}];
  group.in_time += !deadline || plan->predicted <= *deadline;
}

void spread_out(const Plans& plans, GroupForecast& group) {
  group.time = spread(plans.time);
  group.compute = spread(plans.compute);
  group.download = spread(plans.download);
  group.upload = spread(plans.upload);
  group.energy = spread(plans.energy);
}

/// The next clients by id: as good as any that a round might pick, since devices are dealt at random.
std::vector<std::uint32_t> cohort_from(const Assembly& assembly, std::uint32_t first) {
  const auto most = std::min<std::int64_t>(assembly.scenario.protocol.clients_per_round, most_at_once);
  const auto left = assembly.fleet.size() - first;
  std::vector<std::uint32_t> clients(std::min(left, static_cast<std::uint32_t>(most)));
  std::iota(clients.begin(), clients.end(), first);
  return clients;
}

}  // namespace

Forecast forecast(const Assembly& assembly) {
  const auto& scenario = assembly.scenario;
  const auto& groups = assembly.fleet.groups();
  std::vector<std::vector<std::uint32_t>> members(groups.size());
  for (std::uint32_t client = 0; client < assembly.fleet.size(); ++client)
    members[assembly.fleet.row(client).group].push_back(client);

  Forecast made{.groups = std::vector<GroupForecast>(groups.size()), .deadline = deadline_of(scenario.protocol)};
  std::vector<Plans> plans(groups.size());
  ServerTraffic traffic{assembly};
  for (std::uint32_t next = 0; next < assembly.fleet.size();) {
    const auto cohort = cohort_from(assembly, next);
    const auto planned = assembly.plans(cohort);
    for (std::size_t i = 0; i < cohort.size(); ++i) {
      const auto g = assembly.fleet.row(cohort[i]).group;
      add(assembly, cohort[i], planned[i], made.deadline, made.groups[g], plans[g]);
      if (planned[i]) traffic.add(cohort[i], *planned[i]);
    }
    next += static_cast<std::uint32_t>(cohort.size());
  }
  for (std::size_t g = 0; g < groups.size(); ++g) {
    auto& group = made.groups[g];
    spread_out(plans[g], group);
    group.device = groups[g].device.name;
    group.clients = groups[g].clients;
    group.memory = groups[g].memory;
    group.there = share_there(assembly, members[g]);
  }
  made.server_down = traffic.down();
  made.server_up = traffic.up();
  made.aggregators = traffic.through_aggregators();
  return made;
}

}  // namespace edgefuse::app
