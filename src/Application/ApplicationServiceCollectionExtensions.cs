using FluentValidation;
using IndustryData.Application.Common;
using IndustryData.Application.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace IndustryData.Application;

/// <summary>Wires the use cases.</summary>
public static class ApplicationServiceCollectionExtensions
{
    /// <summary>Adds the use cases and the pipeline that each message passes on its way to its handler.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="autoMapperLicenseKey">AutoMapper's licence key; without one it works and logs a warning.</param>
    public static IServiceCollection AddApplication(this IServiceCollection services, string? autoMapperLicenseKey)
    {
        services.AddMediator(options =>
        {
            options.Assemblies = [typeof(AddRunCommand)];
            options.ServiceLifetime = ServiceLifetime.Singleton;
            options.PipelineBehaviors =
            [
                typeof(LoggingBehavior<,>),
                typeof(ValidationBehavior<,>),
            ];
        });
        services.AddValidatorsFromAssemblyContaining<AddRunValidator>(ServiceLifetime.Singleton, includeInternalTypes: true);
        services.AddAutoMapper(options =>
        {
            options.LicenseKey = autoMapperLicenseKey;
            options.AddProfile<RunMappingProfile>();
        });
        return services;
    }
}
