#include "clients/trainer.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "llm/packed_adapters.hpp"
#include "sim/error.hpp"
#include "sim/expects.hpp"

namespace edgefuse::clients {
namespace {

/// Members train through the same weights; equal ranks lie together.
auto weights_of(const NotedTraining& t) {
  return std::tuple{t.version, t.plan.variant};
}
auto place_of(const NotedTraining& t) {
  return std::tuple{t.version, t.plan.variant, t.plan.rank};
}

struct Gang {
  std::vector<const NotedTraining*> members;  // by client id
  const VariantModel* variant = nullptr;
};

using Noted = std::map<std::pair<std::uint32_t, std::int64_t>, NotedTraining>;

std::vector<Gang> form_gangs(const Noted& noted, std::int64_t size) {
  std::vector<const NotedTraining*> order;
  for (const auto& [who, training] : noted)
    order.push_back(&training);
  std::ranges::stable_sort(order, {}, [](const NotedTraining* t) { return place_of(*t); });
  std::vector<Gang> gangs;
  for (const auto* training : order) {
    const bool full = gangs.empty() || gangs.back().members.size() == static_cast<std::size_t>(size);
    if (full || weights_of(*gangs.back().members.back()) != weights_of(*training)) gangs.emplace_back();
    gangs.back().members.push_back(training);
  }
  return gangs;
}

LocalResult report(const NotedTraining& training, const VariantModel& variant, llm::TrainedAdapter trained) {
  LocalResult result{.client = training.plan.client,
                     .invitation = training.invitation,
                     .update = {},
                     .losses = std::move(trained.losses),
                     .grad_norms = std::move(trained.grad_norms)};
  if (!trained.stopped) {
    result.update = llm::Update{.client = training.plan.client,
                                .version = training.version,
                                .examples = training.plan.examples,
                                .variant = variant.shape,
                                .adapter = std::move(trained.adapter),
                                .cores = std::move(trained.cores)};
  }
  return result;
}

std::int64_t tokens_of(const llm::TrainingJob& job) {
  std::int64_t tokens = 0;
  for (const auto& batch : job.steps)
    for (const auto& sequence : batch)
      tokens += static_cast<std::int64_t>(sequence.ids.size());
  return tokens;
}

/// Counts what several workers have done.
class Tally {
 public:
  Tally(std::size_t clients, const TrainingWatch& watch) : watch_{watch}, progress_{.clients = clients} {}

  void add(std::size_t trained, std::int64_t tokens) {
    if (!watch_) return;
    const std::lock_guard lock{mutex_};
    progress_.trained += trained;
    progress_.tokens += tokens;
    watch_(progress_);
  }

 private:
  const TrainingWatch& watch_;
  std::mutex mutex_;
  TrainingProgress progress_;
};

std::vector<llm::TrainedAdapter> train_gang(const Gang& gang, const llm::TrainingOptions& options, Tally& tally) {
  std::vector<llm::TrainingJob> jobs;
  std::int64_t tokens = 0;
  for (const auto* member : gang.members) {
    jobs.push_back(member->build());
    tokens += tokens_of(jobs.back());
  }
  auto trained = llm::train_gang(gang.variant->model, jobs, options);
  EDGEFUSE_EXPECTS(trained.size() == gang.members.size(), "each job has a result");
  tally.add(gang.members.size(), tokens);
  return trained;
}

/// A library's message may go on with a stack trace; its first line says what happened.
std::string first_line(std::string_view text) {
  return std::string{text.substr(0, text.find('\n'))};
}

std::string who(const Gang& gang) {
  std::vector<std::uint32_t> clients;
  for (const auto* member : gang.members)
    clients.push_back(member->plan.client);
  return fmt::format("client{} {}", clients.size() > 1 ? "s" : "", fmt::join(clients, ", "));
}

}  // namespace

Trainer::Trainer(TrainerOptions options) : options_{std::move(options)} {
  EDGEFUSE_EXPECTS(options_.gang > 0, "a gang has members");
}

void Trainer::note(NotedTraining training) {
  const std::pair who{training.plan.client, training.invitation};
  const bool fresh = noted_.emplace(who, std::move(training)).second;
  EDGEFUSE_EXPECTS(fresh, "a client trains one adapter at a time");
}

std::vector<LocalResult> Trainer::train(const VariantModels& models, const TrainingWatch& watch) {
  const auto noted = std::exchange(noted_, {});
  if (noted.empty()) return {};
  auto gangs = form_gangs(noted, options_.gang);
  for (auto& gang : gangs)
    gang.variant = &models(gang.members[0]->version, gang.members[0]->plan.variant);
  std::size_t own = 0;
  for (const auto i : llm::own_tasks(options_.crew, gangs.size()))
    own += gangs[i].members.size();
  Tally tally{own, watch};
  const auto done = llm::divide(options_.crew, gangs.size(), [&](std::size_t i) {
    return llm::pack(train_gang(gangs[i], options_.training, tally));
  });
  std::vector<LocalResult> results;
  for (std::size_t i = 0; i < gangs.size(); ++i) {
    if (done[i].failed)
      throw RunError{fmt::format("training of {} failed: {}", who(gangs[i]), first_line(done[i].error))};
    auto trained = llm::unpack(done[i].bytes);
    for (std::size_t member = 0; member < trained.size(); ++member)
      results.push_back(report(*gangs[i].members[member], *gangs[i].variant, std::move(trained[member])));
  }
  std::ranges::sort(results, {}, [](const LocalResult& r) { return std::pair{r.client, r.invitation}; });
  return results;
}

}  // namespace edgefuse::clients
