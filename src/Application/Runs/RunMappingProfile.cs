using AutoMapper;
using IndustryData.Domain.Runs;

namespace IndustryData.Application.Runs;

/// <summary>Maps the aggregate to the response model.</summary>
internal sealed class RunMappingProfile : Profile
{
    public RunMappingProfile()
    {
        CreateMap<Run, RunResponse>()
            .ForCtorParam(nameof(RunResponse.Id), o => o.MapFrom(r => r.Id.Value))
            .ForCtorParam(nameof(RunResponse.DisplayName), o => o.MapFrom(r => r.DisplayName.Value))
            .ForCtorParam(nameof(RunResponse.Status), o => o.MapFrom(r => r.Status.Name))
            .ForCtorParam(nameof(RunResponse.Statistics), o => o.MapFrom(r => r.Statistics.Json))
            .ForCtorParam(
                nameof(RunResponse.BlockingError),
                o => o.MapFrom(r => r.BlockingError == null ? null : r.BlockingError.Json)
            );
    }
}
