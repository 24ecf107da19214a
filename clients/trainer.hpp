#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "llm/crew.hpp"
#include "llm/model.hpp"
#include "llm/plan.hpp"
#include "llm/training.hpp"
#include "llm/update.hpp"
#include "llm/variant.hpp"

namespace edgefuse::clients {

/// A client's training that has happened in virtual time and not yet in fact. `build` makes its data when its gang
/// begins; it is called once, on a worker's thread, and only reads what others may read at the same time.
struct NotedTraining {
  llm::Plan plan;
  std::int64_t invitation = 0;  // of the run: tells a client's participations apart
  std::int64_t version = 0;     // of the base it started from
  std::function<llm::TrainingJob()> build;
};

/// What came of it. A client whose training stopped because something was not finite has no update; the others of its
/// gang do not notice.
struct LocalResult {
  std::uint32_t client = 0;
  std::int64_t invitation = 0;
  std::optional<llm::Update> update;
  std::vector<double> losses;      // per step, as in llm::TrainedAdapter
  std::vector<double> grad_norms;  // per step
};

/// A variant at some version of the base: its shape and its weights.
struct VariantModel {
  llm::VariantShape shape;
  llm::Model model;
};
/// Gives the variant `plan.variant` at `version`, alive until the training ends; called on the caller's thread.
using VariantModels = std::function<const VariantModel&(std::int64_t version, std::uint32_t variant)>;

/// How far a call of Trainer::train is. Told after every gang of this process, by one worker at a time.
struct TrainingProgress {
  std::size_t trained = 0;  // clients whose gangs have ended in this process
  std::size_t clients = 0;  // of all gangs of this process
  std::int64_t tokens = 0;  // in the texts of those trained, step by step
};
using TrainingWatch = std::function<void(const TrainingProgress&)>;

struct TrainerOptions {
  llm::TrainingOptions training{};
  std::int64_t gang = 8;  // clients trained as one batch, at most
  llm::Crew crew{};       // who trains them
};

/// Deferred training (DESIGN §3): jobs are noted while virtual time passes and trained together when somebody needs
/// their contents. Gangs are a function of what was noted and of the gang size: sorted by (version, variant, rank,
/// client, invitation), cut where one of the first two changes or a gang is full. Each gang runs on one thread, so
/// results are the same bits for any number of workers and processes.
class Trainer {
 public:
  explicit Trainer(TrainerOptions options);

  /// At most one training of a client and invitation.
  void note(NotedTraining training);
  [[nodiscard]] std::size_t noted() const { return noted_.size(); }

  /// Trains everything noted and forgets it; results in the order of client ids, then of invitations. Throws RunError
  /// naming the clients of the first gang that failed, when all other gangs have ended.
  [[nodiscard]] std::vector<LocalResult> train(const VariantModels& models, const TrainingWatch& watch = {});

 private:
  TrainerOptions options_;
  std::map<std::pair<std::uint32_t, std::int64_t>, NotedTraining> noted_;  // by client and invitation
};

}  // namespace edgefuse::clients
